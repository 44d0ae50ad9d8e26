//! A table of checks: what is wrong before it is run, why, and how it is fixed.

pub mod unsatisfiable;
