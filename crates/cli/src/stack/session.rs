//! A pipeline file and the stack that it is or becomes.

use std::collections::BTreeMap;

use provision::Pipeline;
use provision::cloudformation::{
    self, Exported, RESOURCES_MAX, TEMPLATE_BYTES_IN_BUCKET_MAX, TEMPLATE_BYTES_MAX,
};
use provision::forecast::Size;
use provision::stack::parameter::fill;
use provision::stack::proposal::Presence;
use provision::stack::{
    CloudFormation, Condition, Kind, Parameter, Proposal, Stack, Wish, propose, withdraw,
};
use server::Server;

use crate::deployment::Target;
use crate::output::{self, Form};
use crate::pipeline_file::PipelineFile;
use crate::stack::Options;
use crate::stack::hidden::Hidden;

/// What every command of `--to aws` has.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) client: CloudFormation,
    /// The stack's name.
    pub(crate) stack: String,
    /// The role that CloudFormation takes.
    pub(crate) role: Option<&'a str>,
    /// What is written in the description of the pipeline's stacks.
    pub(crate) description: String,
    pub(crate) form: Form,
}

/// What a stack is to be.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) exported: Exported,
    pub(crate) pipeline: Pipeline,
    pub(crate) file: PipelineFile,
}

/// A template that can be sent.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) exported: Exported,
    text: String,
    /// The bucket that it goes by, where it is too large to be sent.
    bucket: Option<String>,
}

impl<'a> Session<'a> {
    /// The session of a file, and what it is on AWS.
    ///
    /// # Errors
    /// The file's mistakes, or what is wrong with the options.
    pub(crate) fn of_file(target: &Target, options: &'a Options) -> Result<(Self, Subject), String> {
        let file = target.file()?;
        let pipeline = file.load_or_say()?;
        let exported = cloudformation::export(file.texts().main(), &pipeline)
            .map_err(|mistakes| file.show(&mistakes))?;
        let session = Self {
            client: options.client(target.named_endpoint())?,
            stack: options.stack(&pipeline.owner),
            role: options.role(),
            description: cloudformation::description(&pipeline.owner),
            form: target.form(),
        };
        Ok((session, Subject { exported, pipeline, file }))
    }

    /// The stack; `None` where there is none. Somebody else's is an error.
    ///
    /// # Errors
    /// CloudFormation's words, or whose stack it is.
    pub(crate) async fn find(&self) -> Result<Option<Stack>, String> {
        let Some(stack) = self.client.stack(&self.stack).await.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let condition = stack.condition().map_err(|error| error.to_string())?;
        let is_nobodys =
            condition == Condition::Gone || (condition == Condition::Shell && stack.description.is_empty());
        if is_nobodys || stack.description == self.description {
            return Ok(Some(stack));
        }
        // Endpoints beside AWS tell it in the template alone.
        let description = match stack.description.as_str() {
            "" => {
                let template = self.client.template(&stack.id).await.map_err(|error| error.to_string())?;
                template.description().to_owned()
            }
            said => said.to_owned(),
        };
        if description == self.description {
            return Ok(Some(stack));
        }
        let said = match description.as_str() {
            "" => "it has no description".to_owned(),
            said => format!("its description is '{said}'"),
        };
        Err(format!(
            "the stack {} in {} is not this pipeline's: {said}, where this file's stacks have '{}'; name another with --stack, or give \
             the file another `name:`",
            self.stack,
            self.client.region(),
            self.description
        ))
    }

    /// Makes a change set of the template and waits until it can be read. Where that fails, or Ctrl-C comes, nothing is left of it; then it is
    /// `None`.
    ///
    /// # Errors
    /// CloudFormation's words, or which parameters need a value.
    pub(crate) async fn propose(
        &self,
        template: &Template,
        given: &BTreeMap<String, String>,
        found: Option<&Stack>,
    ) -> Result<Option<Proposed>, String> {
        let kind = kind(found).map_err(|error| error.to_string())?;
        let parameters: Vec<Parameter> =
            fill(template.exported.template(), given, &template.exported.known, found)?;
        let name = format!("trunkline-{}", (Server::surroundings().now)().unix_ms());
        let wish = Wish {
            stack: &self.stack,
            name: &name,
            kind,
            template: &template.text,
            template_url: None,
            parameters: &parameters,
            role: self.role,
        };
        let made = async {
            let url = match &template.bucket {
                Some(bucket) => Some(self.client.upload(bucket, &template.text).await?),
                None => None,
            };
            propose(&self.client, Wish { template_url: url.as_deref(), ..wish }).await
        };
        let outcome = crate::stack::interrupt::unless_interrupted(made).await;
        let proposed = Proposed { name: name.clone(), kind, proposal: None };
        match outcome {
            Some(Ok(proposal)) => {
                Ok(Some(Proposed { proposal: Some(hiding(proposal, template)), ..proposed }))
            }
            Some(Err(error)) => {
                // Its own failure would hide the cause; what is left is an empty stack or a failed change set.
                let left = self.withdraw(&proposed).await.err().map(|left| format!("\n{left}"));
                Err(format!("{error}{}", left.unwrap_or_default()))
            }
            None => {
                output::note("interrupted: taking the change set back");
                self.withdraw(&proposed).await?;
                Ok(None)
            }
        }
    }

    /// Leaves nothing of a change set.
    ///
    /// # Errors
    /// CloudFormation's words.
    pub(crate) async fn withdraw(&self, proposed: &Proposed) -> Result<(), String> {
        let outcome = withdraw(&self.client, (&self.stack, &proposed.name), proposed.kind).await;
        outcome.map_err(|error| format!("the change set {} could not be taken back: {error}", proposed.name))
    }
}

/// A proposal without secrets.
fn hiding(proposal: Proposal, template: &Template) -> Proposal {
    let Proposal::Changes(mut changes) = proposal else { return proposal };
    let hidden = Hidden::of(&template.exported);
    for change in &mut changes.changes {
        for detail in &mut change.details {
            // What CloudFormation hides itself says more, such as that it is a secret.
            let place = format!("/{}", detail.place());
            let shown = |value: &String| match value.as_str() {
                stars if stars.starts_with("***") => stars.to_owned(),
                plain => hidden.shown(&change.logical_id, &place, plain),
            };
            detail.before = detail.before.as_ref().map(shown);
            detail.after = detail.after.as_ref().map(shown);
        }
    }
    Proposal::Changes(changes)
}

/// A change set that was made.
#[derive(Debug)]
pub(crate) struct Proposed {
    name: String,
    pub(crate) kind: Kind,
    proposal: Option<Proposal>,
}

impl Proposed {
    /// The ARN of its stack.
    pub(crate) fn stack_id(&self) -> Option<&str> {
        match self.proposal.as_ref()? {
            Proposal::Changes(changes) | Proposal::Nothing(changes) => Some(&changes.stack_id),
        }
    }

    /// What it would do; `None` where it would do nothing.
    pub(crate) fn changes(&self) -> Option<&provision::stack::ChangeSet> {
        match &self.proposal {
            Some(Proposal::Changes(changes)) => Some(changes),
            _ => None,
        }
    }
}

fn kind(found: Option<&Stack>) -> Result<Kind, provision::stack::StackError> {
    Ok(match found {
        None => Kind::Create { was_there: Presence::Absent },
        Some(stack) => match stack.condition()? {
            Condition::Gone => Kind::Create { was_there: Presence::Absent },
            Condition::Shell => Kind::Create { was_there: Presence::Present },
            _ => Kind::Update,
        },
    })
}

impl Template {
    /// How large it is.
    pub(crate) fn size(&self) -> Size {
        Size { bytes: self.text.len(), resources: self.exported.resources() }
    }

    /// The template of a file; what a person must know about it is said.
    ///
    /// # Errors
    /// What keeps it from being sent.
    pub(crate) fn of(exported: Exported, bucket: Option<&str>) -> Result<Self, String> {
        for note in &exported.notes {
            output::note(note);
        }
        let text = exported.minified();
        let bytes = text.len();
        let is_large = bytes > TEMPLATE_BYTES_MAX;
        if is_large && bucket.is_none() {
            return Err(format!(
                "the template has {bytes} bytes; CloudFormation takes {TEMPLATE_BYTES_MAX} without a bucket: name one of the region with \
                 --bucket, or split the file by groups of rules"
            ));
        }
        if bytes > TEMPLATE_BYTES_IN_BUCKET_MAX {
            return Err(format!(
                "the template has {bytes} bytes; CloudFormation takes {TEMPLATE_BYTES_IN_BUCKET_MAX} from a bucket: split the file by groups of rules"
            ));
        }
        let resources = exported.resources();
        if resources > RESOURCES_MAX {
            return Err(format!(
                "the template has {resources} resources; a stack has at most {RESOURCES_MAX}: split the file by groups of rules, \
                 each with a `name:` of its own"
            ));
        }
        if resources == 0 {
            return Err(
                "the file names nothing that is made on AWS; a stack has at least one resource".to_owned()
            );
        }
        let bucket = bucket.filter(|_| is_large).map(str::to_owned);
        if let Some(bucket) = &bucket {
            output::note(&format!("the template has {bytes} bytes, and goes by the bucket {bucket}"));
        }
        Ok(Self { exported, text, bucket })
    }
}
