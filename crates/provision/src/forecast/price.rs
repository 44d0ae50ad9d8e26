//! Prices of AWS in us-east-1, for what a pipeline uses.

/// When the prices were read.
pub const AS_OF: &str = "June 2026";
/// The region that they are for; others cost up to a third more.
pub const REGION: &str = "us-east-1";

/// A price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// US dollars for one unit.
    pub usd: f64,
    /// What is counted.
    pub unit: &'static str,
    /// Where it is published.
    pub source: &'static str,
}

const fn per_million(usd: f64, unit: &'static str, source: &'static str) -> Price {
    Price { usd: usd / 1_000_000.0, unit, source }
}

const EVENTBRIDGE: &str = "https://aws.amazon.com/eventbridge/pricing/";
const SQS: &str = "https://aws.amazon.com/sqs/pricing/";
const LAMBDA: &str = "https://aws.amazon.com/lambda/pricing/";
const STATES: &str = "https://aws.amazon.com/step-functions/pricing/";
const DYNAMODB: &str = "https://aws.amazon.com/dynamodb/pricing/on-demand/";
const CLOUDWATCH: &str = "https://aws.amazon.com/cloudwatch/pricing/";

/// A custom or partner event on a bus, for each 64 KB; also one that goes to another bus.
pub const EVENT: Price = per_million(1.0, "events", EVENTBRIDGE);
/// An invocation of an API destination.
pub const API_DESTINATION: Price = per_million(0.2, "calls", EVENTBRIDGE);
/// What an archive takes in, a GB.
pub const ARCHIVE_TAKEN: Price = Price { usd: 0.1, unit: "GB", source: EVENTBRIDGE };
/// What an archive keeps, a GB and month.
pub const ARCHIVE_KEPT: Price = Price { usd: 0.023, unit: "GB-months", source: EVENTBRIDGE };
/// A request to a standard queue, for each 64 KB.
pub const SQS_REQUEST: Price = per_million(0.4, "requests", SQS);
/// A call of a function.
pub const FUNCTION_CALL: Price = per_million(0.2, "calls", LAMBDA);
/// A GB-second of a function on x86.
pub const FUNCTION_GB_S: Price = per_million(16.666_7, "GB-s", LAMBDA);
/// A transition of a Standard execution.
pub const TRANSITION: Price = per_million(25.0, "transitions", STATES);
/// An Express execution.
pub const EXPRESS_START: Price = per_million(1.0, "executions", STATES);
/// A GB-second of an Express execution.
pub const EXPRESS_GB_S: Price = per_million(16.67, "GB-s", STATES);
/// A write of up to 1 KB to a table that is paid by the request.
pub const TABLE_WRITE: Price = per_million(0.625, "writes", DYNAMODB);
/// A GB of log events taken in.
pub const LOG_GB: Price = Price { usd: 0.5, unit: "GB", source: CLOUDWATCH };
