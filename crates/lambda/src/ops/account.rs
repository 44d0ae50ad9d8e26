//! GetAccountSettings.

use aws::{Call, Reply};
use serde::Deserialize;
use serde_json::json;

use crate::Functions;
use crate::function::{Function, Version};
use crate::limits;
use crate::ops::{concurrency, look};

#[derive(Debug, Deserialize)]
struct SettingsRequest {}

/// GetAccountSettings.
pub(super) fn settings(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, _: SettingsRequest| {
        let names = Function::names(read);
        let mut bytes = 0_u64;
        for name in &names {
            bytes +=
                Version::all(read, name).iter().map(|(_, v)| v.configuration.code.size_bytes()).sum::<u64>();
        }
        let reserved = concurrency::reserved_by_others(read, None);
        Ok(json!({
            "AccountLimit": {
                "TotalCodeSize": limits::CODE_STORAGE_BYTES,
                "CodeSizeUnzipped": limits::UNZIPPED_BYTES_MAX,
                "CodeSizeZipped": limits::ZIPPED_BYTES_MAX,
                "ConcurrentExecutions": limits::CONCURRENCY,
                "UnreservedConcurrentExecutions": limits::CONCURRENCY.saturating_sub(reserved),
            },
            "AccountUsage": {"TotalCodeSize": bytes, "FunctionCount": names.len()},
        }))
    })
}
