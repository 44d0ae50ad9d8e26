//! The quotas of classic EventBridge, by name.
//!
//! Source: EventBridge user guide, "Amazon EventBridge quotas", and the service's model in botocore (`events`).

/// Event buses of one account and region, the default bus included.
pub const BUSES_MAX: usize = 100;
/// Rules of one bus.
pub const RULES_PER_BUS_MAX: usize = 300;
/// Targets of one rule.
pub const TARGETS_PER_RULE_MAX: usize = 5;
/// Entries of one PutEvents.
pub const ENTRIES_MAX: usize = 10;
/// Entries of one PutPartnerEvents.
pub const PARTNER_ENTRIES_MAX: usize = 20;
/// All entries of one PutEvents together, in bytes, measured as AWS measures them; reached is allowed, passed is not
/// (raised from 256 KB in January 2026).
pub const ENTRIES_SIZE_BYTES_MAX: usize = 1 << 20;
/// What AWS counts for an entry that has a Time, in bytes.
pub const TIME_SIZE_BYTES: usize = 14;
/// Characters of a DetailType.
pub const DETAIL_TYPE_LENGTH_MAX: usize = 128;
/// Characters of an event pattern. The default quota is 2,048 and adjustable up to what the model allows; here it is
/// what the model allows.
pub const PATTERN_LENGTH_MAX: usize = 4096;
/// Characters of a bus's name.
pub const BUS_NAME_LENGTH_MAX: usize = 256;
/// Characters of a bus's name or ARN.
pub const ARN_LENGTH_MAX: usize = 1600;
/// Characters of a rule's name or a target's id.
pub const RULE_NAME_LENGTH_MAX: usize = 64;
/// Characters of a description.
pub const DESCRIPTION_LENGTH_MAX: usize = 512;
/// Characters of a target's Input, and of an InputTemplate.
pub const INPUT_LENGTH_MAX: usize = 8192;
/// Bytes of the input that a template may make: what the largest of all targets take (SQS messages, events of functions and
/// of log groups).
pub const INPUT_SIZE_BYTES_MAX: usize = 1 << 20;
/// Bytes that finding the values of one input may read, about half a second's worth: three paths of four steps each for every
/// one that AWS's quotas leave room for, in the largest event. Ours.
pub const INPUT_READ_BYTES_MAX: usize = 512 << 20;
/// Characters of an InputPath, and of a path in an InputPathsMap.
pub const INPUT_PATH_LENGTH_MAX: usize = 256;
/// Paths of an InputPathsMap.
pub const INPUT_PATHS_MAX: usize = 100;
/// Characters of a message group id of an SQS target.
pub const MESSAGE_GROUP_LENGTH_MAX: usize = 100;
/// Retries of one delivery: the most that can be asked for, and what is done where nothing is asked for.
pub const RETRY_ATTEMPTS_MAX: u32 = 185;
/// Seconds in which a delivery is retried: the least that can be asked for.
pub const EVENT_AGE_SECONDS_MIN: u32 = 60;
/// Seconds in which a delivery is retried: the most that can be asked for, and what is done where nothing is asked for.
pub const EVENT_AGE_SECONDS_MAX: u32 = 86_400;
/// Tags of one resource.
pub const TAGS_MAX: usize = 50;
/// Characters of a tag's key.
pub const TAG_KEY_LENGTH_MAX: usize = 128;
/// Characters of a tag's value.
pub const TAG_VALUE_LENGTH_MAX: usize = 256;
/// Characters of an archive's name.
pub const ARCHIVE_NAME_LENGTH_MAX: usize = 48;
/// Replays under way at a time.
pub const REPLAYS_UNDER_WAY_MAX: usize = 10;
/// Items of one page, and how many there are where nothing is asked for.
pub const PAGE_MAX: usize = 100;
/// Bytes of a bus's policy.
pub const POLICY_SIZE_BYTES_MAX: usize = 10_240;
/// Connections of one account and region.
pub const CONNECTIONS_MAX: usize = 3_000;
/// API destinations of one account and region.
pub const API_DESTINATIONS_MAX: usize = 3_000;
/// Requests a second to an API destination where nothing is asked for.
pub const INVOCATION_RATE_DEFAULT: u32 = 300;
/// Characters of a connection's or an API destination's name.
pub const CONNECTION_NAME_LENGTH_MAX: usize = 64;
/// Characters of an endpoint.
pub const ENDPOINT_LENGTH_MAX: usize = 2048;
/// Characters of a user's name, a password, a key, or the key or value of a parameter of HTTP.
pub const HTTP_PARAMETER_LENGTH_MAX: usize = 512;
/// Bytes of all values that a target's HttpParameters take from one event: more than servers read of a request's head. Ours.
pub const HTTP_VALUES_SIZE_BYTES_MAX: usize = 64 << 10;
/// Parameters of one kind of a connection.
pub const CONNECTION_PARAMETERS_MAX: usize = 100;
