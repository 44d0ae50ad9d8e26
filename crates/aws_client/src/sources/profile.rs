//! A profile: keys, a program, a sign-in, or a role that is taken with another profile's credentials.
//!
//! What a profile means is decided before anybody is asked ([`Plan`]): a base, and the roles to take one after the other.

use aws::secret::Secret;
use aws::sigv4::Credentials;

use crate::profiles::{Profiles, Section};
use crate::sources::sso::Sso;
use crate::sources::sts::{self, Role, WebIdentity};
use crate::sources::{
    Answering, Asking, ExpiringCredentials, Source, SourceAnswer, container, environment, instance, process,
    sso,
};

pub(crate) static SOURCE: Source = Source {
    name: "profile",
    yields_to_profile: false,
    ask: |asking| -> Answering<'_> { Box::pin(ask(asking)) },
};

/// How credentials come about.
#[derive(Debug)]
struct Plan {
    base: Base,
    /// The first is taken with the base's credentials, each other one with its predecessor's.
    roles: Vec<Role>,
}

/// Where the first credentials come from.
#[derive(Debug)]
enum Base {
    Keys(Credentials),
    Process(String),
    WebIdentity(WebIdentity),
    Sso(Sso),
    /// The AWS CLI must be asked: `aws login`, a second factor.
    Exported(String),
    Environment,
    Container,
    Instance,
}

async fn ask(asking: Asking<'_>) -> SourceAnswer {
    let wanted = asking.settings.profile_name();
    let profiles = match Profiles::read(asking.settings) {
        Ok(profiles) => profiles,
        Err(reason) => return SourceAnswer::Failed(reason),
    };
    let name = &wanted.name;
    match plan(&profiles, name) {
        Ok(Some(plan)) => run(asking, plan)
            .await
            .map_or_else(|reason| SourceAnswer::Failed(format!("'{name}': {reason}")), SourceAnswer::Found),
        Ok(None) if wanted.is_named && profiles.profile(name).is_none() => {
            SourceAnswer::Failed(format!("there is no profile '{name}' in the files of the AWS CLI"))
        }
        Ok(None) => {
            SourceAnswer::Absent(format!("the files of the AWS CLI have no credentials for '{name}'"))
        }
        Err(reason) => SourceAnswer::Failed(reason),
    }
}

/// What the profile means; none where it is not there or says nothing of credentials.
fn plan(profiles: &Profiles, first: &str) -> Result<Option<Plan>, String> {
    let mut roles = Vec::new();
    let mut seen = vec![first.to_owned()];
    let mut name = first.to_owned();
    loop {
        let Some(profile) = profiles.profile(&name) else {
            return if seen.len() == 1 {
                Ok(None)
            } else {
                Err(format!("the source_profile '{name}' does not exist"))
            };
        };
        // Keys come before a role in a profile that is a source, after it in the profile that was asked for, as botocore has it.
        if seen.len() > 1
            && let Some(keys) = keys(profile)
        {
            roles.reverse();
            return Ok(Some(Plan { base: Base::Keys(keys), roles }));
        }
        match step(profiles, &name, profile)? {
            Step::Nothing if roles.is_empty() => return Ok(None),
            Step::Nothing => return Err(format!("the source_profile '{name}' has no credentials")),
            Step::Base(base) => {
                roles.reverse();
                return Ok(Some(Plan { base, roles }));
            }
            Step::RoleOverBase { role, base } => {
                roles.push(role);
                roles.reverse();
                return Ok(Some(Plan { base, roles }));
            }
            Step::RoleOverProfile { role, source } => {
                roles.push(role);
                // A profile may name itself: its own keys are meant.
                if source == name {
                    let keys = keys(profile)
                        .ok_or_else(|| format!("'{name}' is its own source_profile and has no keys"))?;
                    roles.reverse();
                    return Ok(Some(Plan { base: Base::Keys(keys), roles }));
                }
                if seen.contains(&source) {
                    return Err(format!("the profiles {} and {source} name each other", seen.join(", ")));
                }
                seen.push(source.clone());
                name = source;
            }
        }
    }
}

/// What one profile adds to the plan.
#[derive(Debug)]
enum Step {
    Nothing,
    Base(Base),
    RoleOverBase { role: Role, base: Base },
    RoleOverProfile { role: Role, source: String },
}

fn step(profiles: &Profiles, name: &str, profile: &Section) -> Result<Step, String> {
    if profile.contains_key("role_arn") {
        return role(name, profile);
    }
    if profile.contains_key("sso_account_id") || profile.contains_key("sso_session") {
        return sso_of(profiles, name, profile).map(|sso| Step::Base(Base::Sso(sso)));
    }
    if let Some(keys) = keys(profile) {
        return Ok(Step::Base(Base::Keys(keys)));
    }
    Ok(match profile.get("credential_process") {
        Some(line) => Step::Base(Base::Process(line.clone())),
        None if profile.contains_key("login_session") => Step::Base(Base::Exported(name.to_owned())),
        None => Step::Nothing,
    })
}

fn role(name: &str, profile: &Section) -> Result<Step, String> {
    let text = |name: &str| profile.get(name).cloned();
    let role_arn = text("role_arn").unwrap_or_default();
    if let Some(token_file) = text("web_identity_token_file") {
        let identity = WebIdentity { role_arn, session_name: text("role_session_name"), token_file };
        return Ok(Step::Base(Base::WebIdentity(identity)));
    }
    if profile.contains_key("mfa_serial") {
        return Ok(Step::Base(Base::Exported(name.to_owned())));
    }
    let role = Role {
        role_arn,
        session_name: text("role_session_name"),
        external_id: text("external_id"),
        duration_seconds: text("duration_seconds"),
    };
    match (text("source_profile"), text("credential_source")) {
        (Some(_), Some(_)) => Err(format!("'{name}' has both source_profile and credential_source")),
        (Some(source), None) => Ok(Step::RoleOverProfile { role, source }),
        (None, Some(source)) => {
            let base = match source.as_str() {
                "Environment" => Base::Environment,
                "EcsContainer" => Base::Container,
                "Ec2InstanceMetadata" => Base::Instance,
                _ => return Err(format!("'{name}' has an unknown credential_source '{source}'")),
            };
            Ok(Step::RoleOverBase { role, base })
        }
        (None, None) => Err(format!("'{name}' has a role_arn without source_profile or credential_source")),
    }
}

fn keys(profile: &Section) -> Option<Credentials> {
    Some(Credentials {
        access_key_id: profile.get("aws_access_key_id")?.clone(),
        secret_access_key: Secret::new(profile.get("aws_secret_access_key")?),
        session_token: profile.get("aws_session_token").map(Secret::new),
    })
}

fn sso_of(profiles: &Profiles, name: &str, profile: &Section) -> Result<Sso, String> {
    let session = match profile.get("sso_session") {
        Some(session) => Some((
            session,
            profiles
                .session(session)
                .ok_or_else(|| format!("'{name}' names an sso-session '{session}' that is not there"))?,
        )),
        None => None,
    };
    let needed = |section: &Section, key: &str| {
        section.get(key).cloned().ok_or_else(|| format!("'{name}' has no {key}"))
    };
    let (key, from) = match session {
        Some((session, section)) => (session.clone(), section),
        None => (needed(profile, "sso_start_url")?, profile),
    };
    Ok(Sso {
        key,
        region: needed(from, "sso_region")?,
        account_id: needed(profile, "sso_account_id")?,
        role_name: needed(profile, "sso_role_name")?,
        profile: name.to_owned(),
    })
}

async fn run(asking: Asking<'_>, plan: Plan) -> Result<ExpiringCredentials, String> {
    let mut loaded = match plan.base {
        Base::Keys(credentials) => ExpiringCredentials { credentials, expires: None },
        Base::Process(line) => process::command(&line).await?,
        Base::WebIdentity(identity) => sts::with_web_identity(asking, &identity).await?,
        Base::Sso(sso) => sso::load(asking, &sso).await?,
        Base::Exported(profile) => process::exported(&profile).await.map_err(|reason| {
            format!("{reason}. It needs the AWS CLI, signed in: `aws configure export-credentials --profile {profile}` must print credentials")
        })?,
        Base::Environment => found(environment::keys(asking))?,
        Base::Container => found(container::ask(asking).await)?,
        Base::Instance => found(instance::ask(asking).await)?,
    };
    for role in &plan.roles {
        loaded = sts::with_role(asking, role, &loaded.credentials).await?;
    }
    Ok(loaded)
}

fn found(asked: SourceAnswer) -> Result<ExpiringCredentials, String> {
    match asked {
        SourceAnswer::Found(loaded) => Ok(loaded),
        SourceAnswer::Absent(reason) | SourceAnswer::Failed(reason) => {
            Err(format!("its credential_source gives none: {reason}"))
        }
    }
}
