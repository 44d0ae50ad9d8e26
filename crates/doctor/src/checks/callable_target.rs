//! Whether a target outside the file lets the rule call it: its policy is not the file's to write.

use aws::Arn;
use provision::resource::rule::Rule;
use provision::resource::target::{Destination, Target};
use provision::{Mistake, Pipeline};

use crate::check::Check;

pub(super) const CHECK: Check = Check {
    name: "callable-target",
    asks: "Is it said who lets each rule reach its targets outside the file?",
    why: "EventBridge drops what it may not deliver; the file writes only the policies of what it makes",
    fix: "make the call that the finding names, once; for kinds that are reached in a role, give the target a `role`",
    run,
};

fn run(pipeline: &Pipeline) -> Vec<Mistake> {
    let rules = pipeline.rules.iter();
    rules.flat_map(|rule| rule.targets.iter().filter_map(|target| finding(pipeline, rule, target))).collect()
}

fn finding(pipeline: &Pipeline, rule: &Rule, target: &Target) -> Option<Mistake> {
    let Destination::Arn(written) = &target.destination else { return None };
    let arn: Arn = written.value.parse().ok()?;
    let name = arn.resource.rsplit([':', '/']).next().unwrap_or_default().to_owned();
    let bus =
        if pipeline.bus.value == "default" { String::new() } else { format!("{}/", pipeline.bus.value) };
    let rule_arn = format!("arn:aws:events:{}:{}:rule/{bus}{}", arn.region, arn.account, rule.name.value);
    let advice = match arn.service.as_str() {
        "lambda" => format!(
            "aws lambda add-permission --function-name {name} --statement-id {} --action lambda:InvokeFunction --principal \
             events.amazonaws.com --source-arn {rule_arn}",
            rule.name.value
        ),
        "sqs" => format!(
            "aws sqs set-queue-attributes --queue-url $(aws sqs get-queue-url --queue-name {name} --query QueueUrl --output text) \
             --attributes Policy=... where events.amazonaws.com may sqs:SendMessage with aws:SourceArn {rule_arn}"
        ),
        "logs" => "aws logs put-resource-policy with events.amazonaws.com for logs:CreateLogStream and logs:PutLogEvents".to_owned(),
        "states" | "events" if target.role.is_none() => "give the target a `role` that may call it".to_owned(),
        _ => return None,
    };
    let sentence = format!(
        "the file does not make `{name}`, nor the permission that the rule `{}` needs",
        rule.name.value
    );
    Some(Mistake::new(CHECK.name, written.span, sentence).with_suggestion(advice))
}
