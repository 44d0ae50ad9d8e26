//! The runtimes that functions and layers may name.

/// What functions are run by. Source: docs/functions.md; the shape `Runtime` of the Lambda API.
pub(crate) const RUNTIMES: &[&str] = &[
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "provided.al2",
    "provided.al2023",
];
