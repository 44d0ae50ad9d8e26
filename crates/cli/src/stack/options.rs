//! The options of `--to aws`.

use std::collections::BTreeMap;

use aws_client::{Access, Chain, Endpoint};
use clap::{Args, ValueEnum};
use provision::Owner;
use provision::stack::{CloudFormation, upload};
use server::Server;
use worker::Remote;

use crate::aws_settings;

/// Where a pipeline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// A running Trunkline
    Local,
    /// An AWS account, as one CloudFormation stack
    Aws,
}

/// Where, and for AWS: which account, region and stack.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where the pipeline runs
    #[arg(long, value_enum, value_name = "PLACE", default_value_t = Place::Local)]
    to: Place,
    /// The stack's name [default: the file's `name:`]
    #[arg(long, value_name = "NAME", value_parser = stack_name, help_heading = HEADING)]
    stack: Option<String>,
    /// The AWS region [default: AWS_REGION, or the profile's]
    #[arg(long, value_name = "REGION", help_heading = HEADING)]
    region: Option<String>,
    /// The profile of ~/.aws/config whose credentials and region are used [default: AWS_PROFILE]
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    aws_profile: Option<String>,
    /// The role that CloudFormation takes [default: whoever calls it]
    #[arg(long, value_name = "ARN", help_heading = HEADING)]
    role: Option<String>,
}

/// The heading of what is for AWS alone, in a help.
pub(crate) const HEADING: &str = "With --to aws";

impl Options {
    /// Whether it is AWS.
    ///
    /// # Errors
    /// Where an option of AWS's is given for a place here; `more` are those of the command.
    pub(crate) fn is_aws(&self, more: &[Given]) -> Result<bool, String> {
        if self.to == Place::Aws {
            return Ok(true);
        }
        let own = [
            Given { name: "--stack", is_given: self.stack.is_some() },
            Given { name: "--region", is_given: self.region.is_some() },
            Given { name: "--aws-profile", is_given: self.aws_profile.is_some() },
            Given { name: "--role", is_given: self.role.is_some() },
        ];
        match own.iter().chain(more).find(|one| one.is_given) {
            Some(one) => Err(format!("{} goes with --to aws", one.name)),
            None => Ok(false),
        }
    }

    /// The role that CloudFormation takes.
    pub(crate) fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// The stack that is named.
    pub(crate) fn named_stack(&self) -> Option<&str> {
        self.stack.as_deref()
    }

    /// The name of a pipeline's stack.
    pub(crate) fn stack(&self, owner: &Owner) -> String {
        self.stack.clone().unwrap_or_else(|| name_of(owner))
    }

    /// CloudFormation, at an endpoint that was named or where AWS has it.
    ///
    /// # Errors
    /// A sentence: no region, or an endpoint that is none.
    pub(crate) fn client(&self, endpoint: Option<&str>) -> Result<CloudFormation, String> {
        client(endpoint, (self.aws_profile.as_ref(), self.region.as_ref()))
    }
}

impl Options {
    /// The services beside CloudFormation, at the same endpoint where one was named.
    ///
    /// # Errors
    /// What is wrong with the endpoint.
    pub(crate) fn remote(&self, endpoint: Option<&str>, region: &str) -> Result<Remote, String> {
        Remote::new(region, endpoint, aws_settings::of_profile(self.aws_profile.as_ref()))
    }
}

/// CloudFormation, at an endpoint that was named or where AWS has it; `profile` and `region` are the command line's.
///
/// # Errors
/// A sentence: no region, or an endpoint that is none.
pub(crate) fn client(
    endpoint: Option<&str>,
    (profile, region): (Option<&String>, Option<&String>),
) -> Result<CloudFormation, String> {
    let settings = aws_settings::of_profile(profile);
    let region = aws_settings::region(region, &settings)?;
    let named = endpoint.map(Endpoint::at).transpose();
    let named = named.map_err(|reason| {
        format!(
            "--endpoint is no endpoint, such as https://cloudformation.eu-central-1.amazonaws.com: {reason}"
        )
    })?;
    // An emulator on this machine or network takes any credentials, and is in any region.
    let is_here = named.as_ref().is_some_and(|endpoint| endpoint.origin.starts_with("http://"));
    let region = region.or_else(|| is_here.then(|| "us-east-1".to_owned()));
    let region =
        region.ok_or("no AWS region is named: give --region, or set AWS_REGION or the profile's `region`")?;
    if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(format!("'{region}' is no region, such as eu-central-1"));
    }
    let chain = if is_here && profile.is_none() { Chain::of_here(settings)? } else { Chain::new(settings)? };
    let endpoint = named.unwrap_or_else(|| chain.endpoint("cloudformation", &region));
    CloudFormation::new(Access::new(chain), endpoint, region, Server::surroundings().now)
}

/// An option of a command, and whether it was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) name: &'static str,
    pub(crate) is_given: bool,
}

/// Values of the template's parameters.
#[derive(Debug, Args)]
pub(crate) struct Parameters {
    /// A value for a parameter of the template; those that are not given stay as they are in the stack
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter, help_heading = HEADING)]
    parameters: Vec<Value>,
    /// The S3 bucket in the region that a template above 51,200 bytes goes by
    #[arg(long, value_name = "NAME", value_parser = bucket, help_heading = HEADING)]
    bucket: Option<String>,
}

fn bucket(text: &str) -> Result<String, String> {
    upload::check_bucket(text).map(|()| text.to_owned())
}

/// One of them.
#[derive(Clone)]
struct Value {
    name: String,
    value: String,
}

impl std::fmt::Debug for Value {
    // It may be a secret.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Value").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Parameters {
    /// By their names; the last one of a name counts.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        self.parameters.iter().map(|one| (one.name.clone(), one.value.clone())).collect()
    }

    /// The bucket that is named.
    pub(crate) fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }

    /// Those that are given.
    pub(crate) fn given(&self) -> [Given; 2] {
        [
            Given { name: "--parameter", is_given: !self.parameters.is_empty() },
            Given { name: "--bucket", is_given: self.bucket.is_some() },
        ]
    }
}

fn parameter(text: &str) -> Result<Value, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            Ok(Value { name: name.to_owned(), value: value.to_owned() })
        }
        _ => Err("it has the form NAME=VALUE".to_owned()),
    }
}

/// Characters of a stack's name, at most. Source: CreateStack in the CloudFormation API reference.
const NAME_CHARS_MAX: usize = 128;

pub(crate) fn stack_name(text: &str) -> Result<String, String> {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if begins && text.bytes().all(is_sign) && text.len() <= NAME_CHARS_MAX {
        return Ok(text.to_owned());
    }
    Err(format!(
        "a stack's name begins with a letter and has letters, digits and hyphens, {NAME_CHARS_MAX} at most"
    ))
}

/// A pipeline's name as a stack's: other signs are hyphens.
fn name_of(owner: &Owner) -> String {
    let name: String = owner.0.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name =
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("trunkline-{name}") };
    name.chars().take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use provision::Owner;

    use super::{name_of, stack_name};

    #[test]
    fn a_pipelines_name_is_always_one_of_a_stack() {
        for (name, stack) in
            [("crm", "crm"), ("crm_2.x", "crm-2-x"), ("2nd", "trunkline-2nd"), ("", "trunkline-")]
        {
            let made = name_of(&Owner(name.to_owned()));
            assert_eq!((made.as_str(), stack_name(&made).is_ok()), (stack, true));
        }
        assert!(stack_name("1a").is_err() && stack_name("a_b").is_err() && stack_name("").is_err());
    }
}
