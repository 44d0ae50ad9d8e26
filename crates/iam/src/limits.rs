//! The quotas of IAM by name. Source: IAM User Guide, "IAM and AWS STS quotas"; lengths: botocore's service model
//! `iam/2010-05-08`.

/// Roles of an account, by default.
pub const ROLES_MAX: usize = 1000;
/// Managed policies of an account, by default.
pub const POLICIES_MAX: usize = 1500;
/// Managed policies attached to a role, by default.
pub const ATTACHED_MAX: usize = 10;
/// Versions of a managed policy.
pub const VERSIONS_MAX: usize = 5;
/// Characters of a role's name.
pub const ROLE_NAME_LENGTH_MAX: usize = 64;
/// Characters of a policy's name.
pub const POLICY_NAME_LENGTH_MAX: usize = 128;
/// Characters of a path.
pub const PATH_LENGTH_MAX: usize = 512;
/// Characters of an ARN, and the fewest that one has.
pub const ARN_LENGTH_MAX: usize = 2048;
/// The fewest characters of an ARN.
pub const ARN_LENGTH_MIN: usize = 20;
/// Characters of a document on the wire.
pub const DOCUMENT_LENGTH_MAX: usize = 131_072;
/// Characters of a role's trust policy, white space left out, by default.
pub const TRUST_SIZE_MAX: usize = 2048;
/// Characters of all inline policies of a role together, white space left out.
pub const INLINE_SIZE_MAX: usize = 10_240;
/// Characters of a managed policy, white space left out.
pub const MANAGED_SIZE_MAX: usize = 6144;
/// Characters of a description.
pub const DESCRIPTION_LENGTH_MAX: usize = 1000;
/// Tags of a role or a policy.
pub const TAGS_MAX: usize = 50;
/// Characters of a tag's key.
pub const TAG_KEY_LENGTH_MAX: usize = 128;
/// Characters of a tag's value.
pub const TAG_VALUE_LENGTH_MAX: usize = 256;
/// The shortest session that a role can allow at most, in seconds; also what it allows where nothing else is said.
pub const SESSION_SECONDS_MIN: u64 = 3600;
/// The longest session that a role can allow, in seconds.
pub const SESSION_SECONDS_MAX: u64 = 43_200;
/// Entries of a page where nothing else is said.
pub const PAGE_DEFAULT: usize = 100;
/// Entries of a page.
pub const PAGE_MAX: usize = 1000;
