//! TestState, against what AWS answered.

#[cfg(test)]
mod cases;
