//! The roles that a pipeline needs and no section names: what its rules, functions and state machines may do.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::resource::{Resource, Settings, Verbs, Wanted};
use crate::role_user::RoleUser;

/// An action, and what it may be done to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Allowance {
    pub(crate) actions: Vec<&'static str>,
    pub(crate) resource: String,
}

named_id!("A role.", "role ");

/// The name of the one policy of such a role.
const POLICY: &str = "trunkline";
const TRUST_SETTING: &str = "AssumeRolePolicyDocument";
const POLICY_SETTING: &str = "PolicyDocument";

/// The role of a pipeline that may do all of these.
pub(crate) fn wanted(owner: &str, user: RoleUser, allowances: &BTreeSet<Allowance>) -> Resource {
    let (_, service) = user.words();
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    });
    let statements = allowances
        .iter()
        .map(|one| json!({"Effect": "Allow", "Action": one.actions, "Resource": one.resource}));
    let policy = json!({"Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>()});
    let settings = Settings::from([(TRUST_SETTING.to_owned(), trust), (POLICY_SETTING.to_owned(), policy)]);
    Resource::new(Id { name: user.role(owner) }, settings)
}

impl Id {
    async fn put_policy(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let policy = text_of(wanted, POLICY_SETTING);
        let body = json!({"RoleName": self.name, "PolicyName": POLICY, "PolicyDocument": policy});
        api.call(Request::iam("PutRolePolicy", body)).await.map(drop)
    }
}

fn text_of(wanted: Wanted<'_>, setting: &str) -> String {
    wanted.settings.get(setting).map(ToString::to_string).unwrap_or_default()
}

/// A document as IAM answers it: percent-encoded.
fn document(answer: &Value, member: &str) -> Option<Value> {
    let text = answer.get(member)?.as_str()?;
    serde_json::from_str(&percent_decode_str(text).decode_utf8_lossy()).ok()
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 46;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let answer = api.call(Request::iam("GetRole", json!({"RoleName": self.name}))).await;
        let Some(role) = found(answer)? else { return Ok(None) };
        let body = json!({"RoleName": self.name, "PolicyName": POLICY});
        let policy = found(api.call(Request::iam("GetRolePolicy", body)).await)?.unwrap_or_default();
        let documents = [(&role, TRUST_SETTING), (&policy, POLICY_SETTING)];
        let settings = documents
            .into_iter()
            .filter_map(|(answer, member)| Some((member.to_owned(), document(answer, member)?)));
        Ok(Some(settings.collect()))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let trust = text_of(wanted, TRUST_SETTING);
        let body = json!({"RoleName": self.name, "AssumeRolePolicyDocument": trust});
        api.call(Request::iam("CreateRole", body)).await?;
        self.put_policy(api, wanted).await
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, changes: &[Change]) -> Result<(), ApiError> {
        if changes.iter().any(|change| change.field == TRUST_SETTING) {
            let body = json!({"RoleName": self.name, "PolicyDocument": text_of(wanted, TRUST_SETTING)});
            api.call(Request::iam("UpdateAssumeRolePolicy", body)).await?;
        }
        self.put_policy(api, wanted).await
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        let body = json!({"RoleName": self.name, "PolicyName": POLICY});
        found(api.call(Request::iam("DeleteRolePolicy", body)).await)?;
        api.call(Request::iam("DeleteRole", json!({"RoleName": self.name}))).await.map(drop)
    }
}
