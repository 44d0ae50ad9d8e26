//! Lambda's quotas and bounds. Source: botocore's service model `lambda/2015-03-31` and AWS's page "Lambda quotas".

/// A request, code included.
pub const REQUEST_BYTES_MAX: usize = 70_167_211;
/// Characters of a function's name.
pub const NAME_LENGTH_MAX: usize = 64;
/// Seconds.
pub const TIMEOUT_MAX: i64 = 900;
/// MB.
pub const MEMORY_MIN: i64 = 128;
/// MB.
pub const MEMORY_MAX: i64 = 10_240;
/// MB of /tmp.
pub const EPHEMERAL_MIN: i64 = 512;
/// MB of /tmp.
pub const EPHEMERAL_MAX: i64 = 10_240;
/// Environment variables as one JSON object.
pub const VARIABLES_BYTES_MAX: usize = 4096;
/// Characters.
pub const HANDLER_LENGTH_MAX: usize = 128;
/// Characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 256;
/// Characters of an alias.
pub const ALIAS_LENGTH_MAX: usize = 128;
/// Characters of a statement's id.
pub const STATEMENT_ID_LENGTH_MAX: usize = 100;
/// The bytes of a policy.
pub const POLICY_BYTES_MAX: usize = 20_480;
/// Executions at a time, of the account.
pub const CONCURRENCY: u64 = 1000;
/// What must stay unreserved of them.
pub const UNRESERVED_MIN: u64 = 100;
/// Code of all functions.
pub const CODE_STORAGE_BYTES: u64 = 80_530_636_800;
/// Zipped code of a request.
pub const ZIPPED_BYTES_MAX: u64 = 52_428_800;
/// Unzipped code, layers included.
pub const UNZIPPED_BYTES_MAX: u64 = 262_144_000;
/// Layers of a function.
pub const LAYERS_MAX: usize = 5;
/// Characters of a layer's name.
pub const LAYER_NAME_LENGTH_MAX: usize = 140;
/// Characters of a layer's `LicenseInfo`.
pub const LICENSE_LENGTH_MAX: usize = 512;
/// Tags of a function.
pub const TAGS_MAX: usize = 50;
/// Items of a page.
pub const PAGE_MAX: usize = 50;
/// Items of a table that are read at once; more functions than anybody has.
pub const LISTED_MAX: usize = 100_000;
/// A synchronous invocation's payload.
pub const PAYLOAD_BYTES_MAX: usize = 6_291_456;
/// An asynchronous invocation's payload.
pub const EVENT_BYTES_MAX: usize = 1_048_576;
/// Tries again of a function that failed an asynchronous invocation.
pub const RETRIES_MAX: u64 = 2;
/// Seconds for which an asynchronous invocation is tried again.
pub const EVENT_AGE_SECONDS_MIN: i64 = 60;
/// Seconds for which an asynchronous invocation is tried again: six hours.
pub const EVENT_AGE_SECONDS_MAX: u64 = 21_600;
/// Messages of a batch of an event source mapping.
pub const BATCH_MAX: i64 = 10_000;
/// Those of a batch that nobody waits for, and of any batch of a FIFO queue.
pub const BATCH_WITHOUT_WINDOW_MAX: u64 = 10;
/// Seconds in which a batch is gathered.
pub const WINDOW_SECONDS_MAX: i64 = 300;
/// `MaximumConcurrency`.
pub const MAPPING_CONCURRENCY_MIN: i64 = 2;
/// `MaximumConcurrency`.
pub const MAPPING_CONCURRENCY_MAX: i64 = 1000;
/// Headers or origins of a function URL's `Cors`.
pub const CORS_LISTED_MAX: usize = 100;
/// Methods of a function URL's `Cors`.
pub const CORS_METHODS_MAX: usize = 6;
/// How long a browser may remember a preflight's answer.
pub const CORS_MAX_AGE_SECONDS: i64 = 86_400;
/// Filters of a mapping.
pub const FILTERS_MAX: usize = 5;
/// Characters of a filter's pattern.
pub const FILTER_LENGTH_MAX: usize = 4096;
