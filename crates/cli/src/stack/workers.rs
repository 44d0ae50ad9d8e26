//! What a person needs for what only `trunkline worker` carries, once the stack is there: command, unit file, policy.

use aws::Arn;
use provision::Pipeline;
use provision::forecast::carried::{self, Unit};
use serde_json::{Value, json};

use crate::output::{self, STRONG, styled};
use crate::pipeline_file::PipelineFile;
use crate::stack::session::Session;

/// All of it.
#[derive(Debug)]
pub(crate) struct Instructions {
    command: String,
    unit: String,
    policy: Value,
}

impl Instructions {
    /// Those of a pipeline and its stack, by the stack's ARN; `None` where nothing is left to carry.
    pub(crate) fn of(
        session: &Session<'_>,
        (file, pipeline): (&PipelineFile, &Pipeline),
        stack_id: &str,
    ) -> Option<Self> {
        if !carried::needs_worker(pipeline) {
            return None;
        }
        let name = file.name().display();
        let file =
            file.profile().map_or_else(|| name.to_string(), |profile| format!("{name} --profile {profile}"));
        let region = session.client.region();
        let unit = Unit { pipeline: &pipeline.owner.0, stack: &session.stack, region, file: &file };
        let of_stack = stack_id.parse::<Arn>().ok();
        let arn = |service: &str, resource: &str| match &of_stack {
            Some(stack) => {
                let (service, resource) = (service.to_owned(), resource.to_owned());
                json!(Arn { service, resource, ..stack.clone() }.to_string())
            }
            None => json!(format!("arn:aws:{service}:{region}:*:{resource}")),
        };
        let statements =
            carried::statements(pipeline, (&carried::table_name(pipeline), &session.stack), &arn);
        Some(Self {
            command: unit.command(),
            unit: unit.systemd(carried::stop_s(pipeline)),
            policy: json!({"Version": "2012-10-17", "Statement": statements}),
        })
    }

    /// For a person.
    pub(crate) fn tell(&self) {
        let policy = serde_json::to_string_pretty(&self.policy).unwrap_or_default();
        let parts = [
            ("What AWS does not carry, as many workers do as you start:", self.command.as_str()),
            ("On a machine with systemd, /etc/systemd/system/trunkline-worker.service:", &self.unit),
            ("What workers may do; the stack's role has it, see its output WorkersRole:", &policy),
        ];
        for (heading, text) in parts {
            output::line(styled(STRONG, format_args!("\n{heading}")));
            output::line(text.trim_end());
        }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({"command": self.command, "unit": self.unit, "policy": self.policy})
    }
}
