//! The quotas of SQS by name. Source: botocore's service model `sqs/2012-11-05` and
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>.

/// A message, and a batch of them, in bytes: body and attributes.
pub const SIZE_BYTES_MAX: u32 = 1 << 20;
/// The least that `MaximumMessageSize` can be set to.
pub const SIZE_BYTES_MIN: u32 = 1024;
/// Entries of a batch, and messages of a receive.
pub const BATCH_MAX: usize = 10;
/// Letters of a batch entry's id, and of a queue's name.
pub const NAME_MAX: usize = 80;
/// `DelaySeconds`.
pub const DELAY_S_MAX: u32 = 900;
/// `VisibilityTimeout`: 12 hours, from the receive on.
pub const VISIBILITY_S_MAX: u32 = 43_200;
/// `VisibilityTimeout` of a queue that does not set it.
pub const VISIBILITY_S_DEFAULT: u32 = 30;
/// `MessageRetentionPeriod`.
pub const RETENTION_S_MIN: u32 = 60;
/// `MessageRetentionPeriod`: 14 days.
pub const RETENTION_S_MAX: u32 = 1_209_600;
/// `MessageRetentionPeriod` of a queue that does not set it: 4 days.
pub const RETENTION_S_DEFAULT: u32 = 345_600;
/// `WaitTimeSeconds`.
pub const WAIT_S_MAX: u32 = 20;
/// Attributes of a message.
pub const ATTRIBUTES_MAX: usize = 10;
/// Letters of an attribute's name.
pub const ATTRIBUTE_NAME_MAX: usize = 256;
/// Messages of a queue that are in flight.
pub const IN_FLIGHT_MAX: u64 = 120_000;
/// Seconds between two purges of a queue.
pub const PURGE_EVERY_S: u64 = 60;
/// How long a deduplication id is remembered, in seconds.
pub const DEDUPLICATION_S: u64 = 300;
/// Letters of a deduplication id and of a group id.
pub const GROUP_ID_MAX: usize = 128;
/// `maxReceiveCount`.
pub const MAX_RECEIVES_MAX: u32 = 1000;
/// Queues in a page of a list.
pub const PAGE_MAX: usize = 1000;
/// Tags of a queue.
pub const TAGS_MAX: usize = 50;
/// `sourceQueueArns` of a RedriveAllowPolicy.
pub const REDRIVE_SOURCES_MAX: usize = 10;
/// Actions of a permission.
pub const ACTIONS_MAX: usize = 7;
/// `MaxNumberOfMessagesPerSecond` of a move task.
pub const MOVE_RATE_MAX: u32 = 500;
/// `QueueDeletedRecently`: so long a deleted queue's name is not given again, in seconds. Source: SQS API reference,
/// CreateQueue.
pub const NAME_AGAIN_AFTER_S: u64 = 60;
