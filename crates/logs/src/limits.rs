//! The quotas of CloudWatch Logs by name. Source: botocore's service model `logs/2014-03-28`, with the words of PutLogEvents,
//! GetLogEvents and FilterLogEvents there.

/// Characters of a log group's or a log stream's name.
pub const NAME_LENGTH_MAX: usize = 512;
/// Characters of a log group's name or ARN.
pub const IDENTIFIER_LENGTH_MAX: usize = 2048;
/// Log groups of one account and region. AWS has 1,000,000; here a list of all of them is to fit into memory.
pub const GROUPS_MAX: usize = 10_000;
/// Log streams of one group. AWS has no limit; here a list of all of them is to fit into memory.
pub const STREAMS_PER_GROUP_MAX: usize = 10_000;
/// Resource policies of one account and region.
pub const RESOURCE_POLICIES_MAX: usize = 10;
/// Characters of a resource policy's document.
pub const POLICY_DOCUMENT_LENGTH_MAX: usize = 5120;
/// Tags of a log group.
pub const TAGS_MAX: usize = 50;
/// Log groups or streams of one page.
pub const PAGE_MAX: usize = 50;
/// Events of one PutLogEvents, and of one page.
pub const EVENTS_MAX: usize = 10_000;
/// Bytes of one PutLogEvents, of one event, and of a page of events.
pub const SIZE_BYTES_MAX: usize = 1 << 20;
/// What each event counts beside its message, in bytes.
pub const EVENT_OVERHEAD_BYTES: usize = 26;
/// From the first to the last event of one PutLogEvents, in ms.
pub const SPAN_MS_MAX: u64 = 86_400_000;
/// How far in the future an event may be, in ms.
pub const AHEAD_MS_MAX: u64 = 7_200_000;
/// How old an event may be, in ms.
pub const AGE_MS_MAX: u64 = 14 * 86_400_000;
/// Characters of a filter pattern.
pub const FILTER_LENGTH_MAX: usize = 1024;
/// Log streams that one FilterLogEvents may name.
pub const NAMED_STREAMS_MAX: usize = 100;
/// The days for which a log group can be set to keep its events (API reference, PutRetentionPolicy).
pub const RETENTION_DAYS: &[u32] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
/// What all log groups together may hold, in bytes; beyond that the oldest events go (ours: contract C10).
pub const KEPT_BYTES_MAX: u64 = 512 << 20;
