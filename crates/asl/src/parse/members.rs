//! The members that states may have, by type and by language.

/// Members that only JSONata states have.
pub(super) const JSONATA_ONLY: [&str; 3] = ["Arguments", "Output", "Items"];

/// Members that only JSONPath states have.
pub(super) const JSONPATH_ONLY: [&str; 17] = [
    "InputPath",
    "OutputPath",
    "ResultPath",
    "ResultSelector",
    "Parameters",
    "Result",
    "ItemsPath",
    "MaxConcurrencyPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "ErrorPath",
    "CausePath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "Variable",
];

/// One type of state.
struct Members {
    kind: &'static str,
    /// What it may have besides `Type`, `Comment` and `QueryLanguage`.
    names: &'static [&'static str],
}

const MEMBERS: [Members; 8] = [
    Members {
        kind: "Pass",
        names: &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Result",
            "ResultPath",
            "Parameters",
            "Assign",
            "Output",
        ],
    },
    Members {
        kind: "Task",
        names: &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Resource",
            "Parameters",
            "Arguments",
            "ResultPath",
            "ResultSelector",
            "Output",
            "Assign",
            "Retry",
            "Catch",
            "TimeoutSeconds",
            "TimeoutSecondsPath",
            "HeartbeatSeconds",
            "HeartbeatSecondsPath",
            "Credentials",
        ],
    },
    Members { kind: "Choice", names: &["InputPath", "OutputPath", "Choices", "Default", "Assign", "Output"] },
    Members {
        kind: "Wait",
        names: &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Seconds",
            "SecondsPath",
            "Timestamp",
            "TimestampPath",
            "Assign",
            "Output",
        ],
    },
    Members { kind: "Succeed", names: &["InputPath", "OutputPath", "Output"] },
    Members { kind: "Fail", names: &["Error", "Cause", "ErrorPath", "CausePath"] },
    Members {
        kind: "Parallel",
        names: &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "Branches",
            "Parameters",
            "Arguments",
            "ResultPath",
            "ResultSelector",
            "Output",
            "Assign",
            "Retry",
            "Catch",
        ],
    },
    Members {
        kind: "Map",
        names: &[
            "Next",
            "End",
            "InputPath",
            "OutputPath",
            "ItemProcessor",
            "Iterator",
            "ItemSelector",
            "Parameters",
            "ItemsPath",
            "Items",
            "MaxConcurrency",
            "MaxConcurrencyPath",
            "ToleratedFailureCount",
            "ToleratedFailureCountPath",
            "ToleratedFailurePercentage",
            "ToleratedFailurePercentagePath",
            "Label",
            "ItemReader",
            "ItemBatcher",
            "ResultWriter",
            "ResultPath",
            "ResultSelector",
            "Output",
            "Assign",
            "Retry",
            "Catch",
        ],
    },
];

/// The members of a type of state.
pub(super) fn of(kind: &str) -> &'static [&'static str] {
    MEMBERS.iter().find(|members| members.kind == kind).map_or(&[], |members| members.names)
}
