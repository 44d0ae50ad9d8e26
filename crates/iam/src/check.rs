//! What the service's model says about members of a request, checked all at once and told in AWS's words.
//!
//! Source of the constraints: botocore's service model `iam/2010-05-08`; of the words: LocalStack's recordings, which since
//! 2026 leave the value out ("Value at 'tags' failed to satisfy constraint: ...").

use aws::Error;

use crate::{error, limits};

/// The constraints that were broken.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

/// The bounds of a text's length, in characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) min: usize,
    pub(crate) max: usize,
}

const NAME_PATTERN: &str = r"[\w+=,.@-]+";
const POLICY_PATH_PATTERN: &str = r"((/[A-Za-z0-9\.,\+@=_-]+)*)/";
const PATH_PATTERN: &str = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)";
const PATH_PREFIX_PATTERN: &str = r"\u002F[\u0021-\u007F]*";
const VERSION_PATTERN: &str = r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?";

impl Faults {
    /// Adds a broken constraint.
    pub(crate) fn add(&mut self, at: &str, constraint: &str) {
        self.0.push(format!("Value at '{at}' failed to satisfy constraint: {constraint}"));
    }

    fn pattern(&mut self, at: &str, pattern: &str) {
        self.add(at, &format!("Member must satisfy regular expression pattern: {pattern}"));
    }

    /// A text of a length within bounds.
    pub(crate) fn length(&mut self, at: &str, text: &str, bounds: Bounds) {
        let length = text.chars().count();
        if length < bounds.min {
            self.add(at, &format!("Member must have length greater than or equal to {}", bounds.min));
        }
        if length > bounds.max {
            self.add(at, &format!("Member must have length less than or equal to {}", bounds.max));
        }
    }

    /// A member that must be there.
    fn required<'v>(&mut self, at: &str, value: Option<&'v str>) -> Option<&'v str> {
        if value.is_none() {
            self.add(at, "Member must not be null");
        }
        value
    }

    fn name(&mut self, at: &str, value: Option<&str>, max: usize) {
        let Some(name) = self.required(at, value) else { return };
        self.length(at, name, Bounds { min: 1, max });
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !name.chars().all(is_allowed) {
            self.pattern(at, NAME_PATTERN);
        }
    }

    /// `RoleName`.
    pub(crate) fn role(&mut self, value: Option<&str>) {
        self.name("roleName", value, limits::ROLE_NAME_LENGTH_MAX);
    }

    /// `PolicyName`.
    pub(crate) fn policy(&mut self, value: Option<&str>) {
        self.name("policyName", value, limits::POLICY_NAME_LENGTH_MAX);
    }

    /// An ARN; whether it is one of a policy is asked later.
    pub(crate) fn arn(&mut self, at: &str, value: Option<&str>) {
        let Some(arn) = self.required(at, value) else { return };
        self.length(at, arn, Bounds { min: limits::ARN_LENGTH_MIN, max: limits::ARN_LENGTH_MAX });
    }

    /// A policy document.
    pub(crate) fn document(&mut self, at: &str, value: Option<&str>) {
        let Some(document) = self.required(at, value) else { return };
        self.length(at, document, Bounds { min: 1, max: limits::DOCUMENT_LENGTH_MAX });
        let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FF}');
        if !document.chars().all(is_allowed) {
            self.pattern(at, r"[\u0009\u000A\u000D\u0020-\u00FF]+");
        }
    }

    /// `Description`.
    pub(crate) fn description(&mut self, value: Option<&str>) {
        let bounds = Bounds { min: 0, max: limits::DESCRIPTION_LENGTH_MAX };
        self.length("description", value.unwrap_or_default(), bounds);
    }

    /// `Path` of a role.
    pub(crate) fn role_path(&mut self, value: Option<&str>) {
        let Some(path) = value else { return };
        self.length("path", path, Bounds { min: 1, max: limits::PATH_LENGTH_MAX });
        let is_visible = path.chars().all(|c| matches!(c, '!'..='~'));
        if !(is_visible && path.starts_with('/') && path.ends_with('/')) {
            self.pattern("path", PATH_PATTERN);
        }
    }

    /// `Path` or `PathPrefix` of a policy.
    pub(crate) fn policy_path(&mut self, at: &str, value: Option<&str>) {
        let Some(path) = value else { return };
        self.length(at, path, Bounds { min: 1, max: limits::PATH_LENGTH_MAX });
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || ".,+@=_-/".contains(c);
        let is_path = path.starts_with('/') && path.ends_with('/') && !path.contains("//");
        if !(is_path && path.chars().all(is_allowed)) {
            self.pattern(at, POLICY_PATH_PATTERN);
        }
    }

    /// `PathPrefix` of roles.
    pub(crate) fn path_prefix(&mut self, value: Option<&str>) {
        let Some(prefix) = value else { return };
        self.length("pathPrefix", prefix, Bounds { min: 1, max: limits::PATH_LENGTH_MAX });
        if !(prefix.starts_with('/') && prefix.chars().all(|c| matches!(c, '!'..='\u{7F}'))) {
            self.pattern("pathPrefix", PATH_PREFIX_PATTERN);
        }
    }

    /// `VersionId`.
    pub(crate) fn version(&mut self, value: Option<&str>) {
        let Some(version) = self.required("versionId", value) else { return };
        let number = version.strip_prefix('v').and_then(|rest| rest.split('.').next());
        let is_number = |text: &str| !text.starts_with('0') && text.parse::<u32>().is_ok();
        if !number.is_some_and(is_number) {
            self.pattern("versionId", VERSION_PATTERN);
        }
    }

    /// A number within bounds.
    pub(crate) fn within(&mut self, at: &str, value: Option<i64>, (min, max): (u64, u64)) -> Option<u64> {
        let value = value?;
        let number = u64::try_from(value).unwrap_or(0);
        if value < 0 || number < min {
            self.add(at, &format!("Member must have value greater than or equal to {min}"));
        } else if number > max {
            self.add(at, &format!("Member must have value less than or equal to {max}"));
        }
        Some(number)
    }

    /// `MaxItems`.
    pub(crate) fn max_items(&mut self, value: Option<i64>) -> usize {
        let max = u64::try_from(limits::PAGE_MAX).unwrap_or(u64::MAX);
        let number = self.within("maxItems", value, (1, max));
        number.and_then(|number| usize::try_from(number).ok()).unwrap_or(limits::PAGE_DEFAULT)
    }

    /// Tells all of them.
    pub(crate) fn result(self) -> Result<(), Error> {
        let errors = match self.0.len() {
            0 => return Ok(()),
            1 => "1 validation error".to_owned(),
            n => format!("{n} validation errors"),
        };
        Err(error::validation(format!("{errors} detected: {}", self.0.join("; "))))
    }
}
