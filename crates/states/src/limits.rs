//! The quotas of Step Functions. Source: developer guide, "Quotas"; the service's model.

/// A request, in bytes: a definition of 1 MiB, escaped.
pub(crate) const REQUEST_BYTES_MAX: usize = 8 << 20;
/// Names of state machines, executions, activities, in characters.
pub(crate) const NAME_CHARACTERS_MAX: usize = 80;
/// Inputs and outputs, in bytes.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 262_144;
/// Definitions, in characters.
pub(crate) const DEFINITION_CHARACTERS_MAX: usize = 1_048_576;
/// Versions of one state machine.
pub(crate) const VERSIONS_MAX: usize = 1_000;
/// Aliases of one state machine.
pub(crate) const ALIASES_MAX: usize = 100;
/// Items of a page.
pub(crate) const PAGE_MAX: usize = 1_000;
/// Items of a page where nothing is said.
pub(crate) const PAGE_USUAL: usize = 100;
/// Tags of a resource.
pub(crate) const TAGS_MAX: usize = 50;
/// Things listed at most.
pub(crate) const LISTED_MAX: usize = 100_000;
/// An execution that ended longer ago cannot be redriven, in seconds.
pub(crate) const REDRIVABLE_SECONDS: u64 = 14 * 86_400;
/// How many events a history may have for a redrive.
pub(crate) const REDRIVABLE_EVENTS_MAX: u64 = 24_999;
/// How long a closed execution is kept, in seconds.
pub(crate) const RETENTION_SECONDS: u64 = 90 * 86_400;
/// Redrives of a map run. Source: developer guide, "Redriving Map Runs".
pub(crate) const MAP_RUN_REDRIVES_MAX: u32 = 1_000;
/// How long GetActivityTask waits, in seconds.
pub(crate) const ACTIVITY_POLL_SECONDS: u64 = 60;
/// Open executions of an account.
pub(crate) const TOKEN_CHARACTERS_MAX: usize = 2_048;
