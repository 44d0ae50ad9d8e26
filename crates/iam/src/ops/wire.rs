//! What the query protocol calls the members of IAM's operations. Source: botocore's service model `iam/2010-05-08`.

use aws::query::{Action, Member, Shape, boolean, integer, text};

const ROLE_NAME: Member = text("RoleName");
const POLICY_ARN: Member = text("PolicyArn");
const POLICY_NAME: Member = text("PolicyName");
const POLICY_DOCUMENT: Member = text("PolicyDocument");
const DESCRIPTION: Member = text("Description");
const PATH: Member = text("Path");
const PATH_PREFIX: Member = text("PathPrefix");
const MARKER: Member = text("Marker");
const MAX_ITEMS: Member = integer("MaxItems");
const IS_TRUNCATED: Member = boolean("IsTruncated");
const VERSION_ID: Member = text("VersionId");
const BOUNDARY: Member = text("PermissionsBoundary");
const USAGE: Member = text("PolicyUsageFilter");

/// The member of a result that is there and empty, for SDKs look for it: no answer has it.
const NOTHING: Member = text("Nothing");

const TEXTS: Shape = Shape::Members(&Shape::Text);
const TAGS: Member = Member::new("Tags", Shape::Members(&Shape::Structure(&[text("Key"), text("Value")])));
const TAG_KEYS: Member = Member::new("TagKeys", TEXTS);

const ROLE: Shape = Shape::Structure(&[
    PATH,
    ROLE_NAME,
    text("RoleId"),
    text("Arn"),
    text("CreateDate"),
    text("AssumeRolePolicyDocument"),
    DESCRIPTION,
    integer("MaxSessionDuration"),
    Member::new(
        "PermissionsBoundary",
        Shape::Structure(&[text("PermissionsBoundaryType"), text("PermissionsBoundaryArn")]),
    ),
    TAGS,
    Member::new("RoleLastUsed", Shape::Structure(&[])),
]);

const POLICY: Shape = Shape::Structure(&[
    POLICY_NAME,
    text("PolicyId"),
    text("Arn"),
    PATH,
    text("DefaultVersionId"),
    integer("AttachmentCount"),
    integer("PermissionsBoundaryUsageCount"),
    boolean("IsAttachable"),
    DESCRIPTION,
    text("CreateDate"),
    text("UpdateDate"),
    TAGS,
]);

const VERSION: Shape =
    Shape::Structure(&[text("Document"), VERSION_ID, boolean("IsDefaultVersion"), text("CreateDate")]);

const ATTACHED: Shape = Shape::Structure(&[POLICY_NAME, POLICY_ARN]);
const ENTITY_ROLE: Shape = Shape::Structure(&[ROLE_NAME, text("RoleId")]);
const NAMELESS: Shape = Shape::Structure(&[]);

const fn action(name: &'static str, request: &'static [Member], answer: &'static [Member]) -> Action {
    Action { name, request, answer }
}

/// The shapes of every operation that is served.
pub(super) const ACTIONS: &[Action] = &[
    action("AttachRolePolicy", &[ROLE_NAME, POLICY_ARN], &[]),
    action(
        "CreatePolicy",
        &[POLICY_NAME, PATH, POLICY_DOCUMENT, DESCRIPTION, TAGS],
        &[Member::new("Policy", POLICY)],
    ),
    action(
        "CreatePolicyVersion",
        &[POLICY_ARN, POLICY_DOCUMENT, boolean("SetAsDefault")],
        &[Member::new("PolicyVersion", VERSION)],
    ),
    action(
        "CreateRole",
        &[
            PATH,
            ROLE_NAME,
            text("AssumeRolePolicyDocument"),
            DESCRIPTION,
            integer("MaxSessionDuration"),
            BOUNDARY,
            TAGS,
        ],
        &[Member::new("Role", ROLE)],
    ),
    action("DeletePolicy", &[POLICY_ARN], &[]),
    action("DeletePolicyVersion", &[POLICY_ARN, VERSION_ID], &[]),
    action("DeleteRole", &[ROLE_NAME], &[]),
    action("DeleteRolePermissionsBoundary", &[ROLE_NAME], &[]),
    action("DeleteRolePolicy", &[ROLE_NAME, POLICY_NAME], &[]),
    action("DetachRolePolicy", &[ROLE_NAME, POLICY_ARN], &[]),
    action("GetPolicy", &[POLICY_ARN], &[Member::new("Policy", POLICY)]),
    action("GetPolicyVersion", &[POLICY_ARN, VERSION_ID], &[Member::new("PolicyVersion", VERSION)]),
    action("GetRole", &[ROLE_NAME], &[Member::new("Role", ROLE)]),
    action("GetRolePolicy", &[ROLE_NAME, POLICY_NAME], &[ROLE_NAME, POLICY_NAME, POLICY_DOCUMENT]),
    action(
        "ListAttachedRolePolicies",
        &[ROLE_NAME, PATH_PREFIX, MARKER, MAX_ITEMS],
        &[Member::new("AttachedPolicies", Shape::Members(&ATTACHED)), IS_TRUNCATED, MARKER],
    ),
    action(
        "ListEntitiesForPolicy",
        &[POLICY_ARN, text("EntityFilter"), PATH_PREFIX, USAGE, MARKER, MAX_ITEMS],
        &[
            Member::new("PolicyGroups", Shape::Members(&NAMELESS)),
            Member::new("PolicyUsers", Shape::Members(&NAMELESS)),
            Member::new("PolicyRoles", Shape::Members(&ENTITY_ROLE)),
            IS_TRUNCATED,
            MARKER,
        ],
    ),
    action(
        "ListInstanceProfilesForRole",
        &[ROLE_NAME, MARKER, MAX_ITEMS],
        &[Member::new("InstanceProfiles", Shape::Members(&NAMELESS)), IS_TRUNCATED],
    ),
    action(
        "ListPolicies",
        &[text("Scope"), boolean("OnlyAttached"), PATH_PREFIX, USAGE, MARKER, MAX_ITEMS],
        &[Member::new("Policies", Shape::Members(&POLICY)), IS_TRUNCATED, MARKER],
    ),
    action("ListPolicyTags", &[POLICY_ARN, MARKER, MAX_ITEMS], &[TAGS, IS_TRUNCATED, MARKER]),
    action(
        "ListPolicyVersions",
        &[POLICY_ARN, MARKER, MAX_ITEMS],
        &[Member::new("Versions", Shape::Members(&VERSION)), IS_TRUNCATED, MARKER],
    ),
    action(
        "ListRolePolicies",
        &[ROLE_NAME, MARKER, MAX_ITEMS],
        &[Member::new("PolicyNames", TEXTS), IS_TRUNCATED, MARKER],
    ),
    action("ListRoleTags", &[ROLE_NAME, MARKER, MAX_ITEMS], &[TAGS, IS_TRUNCATED, MARKER]),
    action(
        "ListRoles",
        &[PATH_PREFIX, MARKER, MAX_ITEMS],
        &[Member::new("Roles", Shape::Members(&ROLE)), IS_TRUNCATED, MARKER],
    ),
    action("PutRolePermissionsBoundary", &[ROLE_NAME, BOUNDARY], &[]),
    action("PutRolePolicy", &[ROLE_NAME, POLICY_NAME, POLICY_DOCUMENT], &[]),
    action("SetDefaultPolicyVersion", &[POLICY_ARN, VERSION_ID], &[]),
    action("TagPolicy", &[POLICY_ARN, TAGS], &[]),
    action("TagRole", &[ROLE_NAME, TAGS], &[]),
    action("UntagPolicy", &[POLICY_ARN, TAG_KEYS], &[]),
    action("UntagRole", &[ROLE_NAME, TAG_KEYS], &[]),
    action("UpdateAssumeRolePolicy", &[ROLE_NAME, POLICY_DOCUMENT], &[]),
    action("UpdateRole", &[ROLE_NAME, DESCRIPTION, integer("MaxSessionDuration")], &[NOTHING]),
    action("UpdateRoleDescription", &[ROLE_NAME, DESCRIPTION], &[Member::new("Role", ROLE)]),
];
