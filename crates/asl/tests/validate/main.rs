//! Definitions that AWS judged, and its diagnostics.

#[cfg(test)]
mod cases;
