//! Moments as Lambda's answers write them.

use aws::Timestamp;

/// `2026-11-28T10:00:00.000+0000`.
pub(crate) fn shown(at: Timestamp) -> String {
    at.to_iso_millis().replace('Z', "+0000")
}
