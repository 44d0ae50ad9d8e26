# Short names for the project's chores; `just` alone lists them. `check` is what CI runs.

# This list
default:
    @just --list

# Everything that CI runs: fmt, clippy, tests, tidy, corpus, clients
check:
    .ci/run

# Format all Rust
fmt:
    cargo fmt --all

# The lints, warnings denied
clippy:
    cargo clippy --workspace --all-targets -- -D warnings

# The fast suite
test:
    cargo test --workspace

# The house checks itself
tidy *rules:
    cargo xtask tidy {{rules}}

# AWS's own SDKs against the built binary
clients *arguments:
    cargo xtask clients {{arguments}}

# cfn-lint over every CloudFormation template of the golden files
templates:
    cargo xtask templates

# Measures beside the raw disk
bench *arguments:
    cargo xtask bench {{arguments}}

# Licences, sources and duplicates of what we build on (`cargo install cargo-deny`)
deny:
    cargo deny check

# The crates' documentation, broken links denied
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
