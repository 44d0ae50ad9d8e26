//! The expressions of states, against what AWS answered: case files and properties.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;
