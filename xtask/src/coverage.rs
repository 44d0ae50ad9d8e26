//! `cargo xtask coverage`: writes docs/coverage.md from the tables of operations; its test says when it has drifted.

use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

use aws::service::OperationStatus;
use events::target::kind::{Service, list};

use crate::root;

/// Every operation of the services, a `[Service]` line before each service's.
const ALL: &str = include_str!("../data/aws-operations.txt");

/// Writes the page.
pub(crate) fn run(_args: &[String]) -> ExitCode {
    let path = root::path().join("docs/coverage.md");
    match fs::write(&path, page()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {}: {error}", path.display());
            ExitCode::from(2)
        }
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Which AWS operations are served\n\n\
         Made by `cargo xtask coverage` from the tables of operations; not to be edited. An operation that is not served answers\n\
         `UnknownOperationException` naming it, and does nothing.\n",
    );
    for (service, operations) in services() {
        let served = table_of(service);
        let count =
            operations.iter().filter(|name| served.iter().any(|served| served.name == **name)).count();
        // Writing to a String cannot fail.
        let _ =
            write!(page, "\n## {service}: {count} of {}\n\n| Operation | |\n|---|---|\n", operations.len());
        for OperationStatus { name, missing } in &served {
            let how = if missing.is_empty() { "served".to_owned() } else { format!("partly: {missing}") };
            let _ = writeln!(page, "| `{name}` | {how} |");
        }
        let not: Vec<&str> = operations
            .iter()
            .filter(|name| !served.iter().any(|served| served.name == **name))
            .copied()
            .collect();
        if !not.is_empty() {
            let _ = write!(page, "\nNot served: {}.\n", not.join(", "));
        }
    }
    page.push_str(&REST.replace("{kinds}", &target_kinds()));
    page
}

/// The kinds of target that are served: here, and on AWS.
fn target_kinds() -> String {
    let kinds = || events::KINDS.into_iter();
    let here = list(kinds().filter(|kind| kind.here != Service::Missing));
    let elsewhere = list(kinds().filter(|kind| kind.elsewhere != Service::Missing));
    format!(
        "{here} of the same account and region; {elsewhere} of another\n  account or region, which are called on AWS"
    )
}

/// What is no single operation.
const REST: &str = "
## What else is not there yet

- DynamoDB Streams: not served.
- Functions run as processes of this machine's node and python, as the user who started Trunkline. Their zips are kept in the data folder's
  `functions`, swept an hour after no version names them, and checked by `trunkline fsck`. Event source mappings read SQS queues alone.
- Target kinds served: {kinds} ([docs/aws-targets.md](aws-targets.md)).
  Others are refused by PutTargets, each with the reason, in `FailedEntries`.
- Signatures are verified with `--auth sigv4` only (any credentials on loopback; other addresses only with `--auth`; [docs/security.md](security.md) says
  what is promised). One account and region unless `--accounts` and `--regions` name more ([docs/aws-targets.md](aws-targets.md)).
- State machines: Tasks of services that are not served, and readers and writers of S3, are refused at creation by name
  ([docs/states.md](states.md)).
- Genesys Cloud: [docs/genesys.md](genesys.md) says which feeds and which part of the Platform API there are.
  Webhooks in ([docs/webhooks.md](webhooks.md)), subscriptions ([docs/subscriptions.md](subscriptions.md); to SQS queues of the same account and
  region), event streams ([docs/event-streams.md](event-streams.md)) and what else tutorials describe ([docs/tutorials.md](tutorials.md)) are served.
";

/// Service and its operations, in the order of the data file.
fn services() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut services: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in ALL.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match (line.strip_prefix('[').and_then(|line| line.strip_suffix(']')), services.last_mut()) {
            (Some(service), _) => services.push((service, Vec::new())),
            (None, Some((_, operations))) => operations.push(line),
            (None, None) => {}
        }
    }
    services
}

/// What is served of a service, by name.
fn table_of(service: &str) -> Vec<OperationStatus> {
    let rows = server::services::catalogue().find(|row| row.name() == service);
    let mut served = rows.map(|row| row.operations()).unwrap_or_default();
    served.sort_unstable();
    served
}

#[cfg(test)]
mod tests {
    use aws::service::OperationStatus;

    use super::{page, services, table_of};

    #[test]
    fn the_page_is_what_the_tables_say() {
        let path = crate::root::path().join("docs/coverage.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == page(), "docs/coverage.md has drifted: run `cargo xtask coverage`");
    }

    /// `PutEvents` is `put_events` in boto3.
    fn of_boto3(name: &str) -> String {
        let mut of_boto3 = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !of_boto3.is_empty() {
                of_boto3.push('_');
            }
            of_boto3.push(c.to_ascii_lowercase());
        }
        of_boto3
    }

    /// All files of a folder, one after the other.
    fn texts(folder: &str) -> String {
        let files = std::fs::read_dir(crate::root::path().join(folder)).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }

    #[test]
    fn boto3_and_the_node_sdk_drive_every_operation_of_eventbridge() {
        let (python, node) = (texts("clients/python"), texts("clients/node"));
        for OperationStatus { name, .. } in table_of("EventBridge") {
            let method = format!("events.{}", of_boto3(name));
            let called = |ending: &str| python.contains(&format!("{method}{ending}"));
            assert!(["(", ",", ")"].into_iter().any(called), "no client calls {method}");
            assert!(
                node.contains(&format!("new {name}Command(")) || node.contains(&format!("[{name}Command,")),
                "no client sends {name}Command"
            );
        }
    }

    /// The last of the list is Trunkline's own, which AWS does not have.
    #[test]
    fn every_service_of_the_list_is_on_the_page() {
        let on_the_page: Vec<&str> = services().into_iter().map(|(name, _)| name).collect();
        for service in server::services::catalogue().filter(|service| service.name() != "Trunkline") {
            assert!(
                on_the_page.contains(&service.name()),
                "xtask/data/aws-operations.txt has no [{}]",
                service.name()
            );
        }
    }

    #[test]
    fn nothing_is_served_that_aws_does_not_have() {
        for (service, operations) in services() {
            for OperationStatus { name, .. } in table_of(service) {
                assert!(operations.contains(&name), "{service} has no {name}");
            }
        }
    }
}
