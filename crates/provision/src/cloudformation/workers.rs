//! What `trunkline worker` needs on AWS, where the file has anything that only it carries: its table and a role.
//!
//! Queues, functions and state machines are the file's own. The outputs say where the rest is; `trunkline worker --stack` reads them.

use aws::Arn;
use serde_json::{Map, Value, json};

use crate::cloudformation::block::{Block, Holds};
use crate::cloudformation::builder::Builder;
use crate::cloudformation::marks;
use crate::forecast::carried;
use crate::pipeline::Pipeline;

/// The output with the name of the workers' table.
pub const TABLE_OUTPUT: &str = "WorkersTable";
/// The output with the ARN of the workers' role.
pub const ROLE_OUTPUT: &str = "WorkersRole";

/// Who may take the role: machines and containers of the account, which give workers its credentials. Elsewhere, what `apply` prints is
/// the policy for whoever runs them.
const TRUSTED: [&str; 2] = ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"];

/// The pseudo parameter with the stack's name.
const STACK: &str = "AWS::StackName";

/// The outputs; none where nobody works.
pub(super) fn render(builder: &mut Builder<'_>, pipeline: &Pipeline) -> Map<String, Value> {
    if !carried::needs_worker(pipeline) {
        return Map::new();
    }
    let name = carried::table_name(pipeline);
    let table = builder.ids.of("Table", &name);
    builder.add(table.clone(), added(state_table(&name)));
    let role = builder.ids.of("Role", "workers");
    builder.add(role.clone(), added(worker_role(pipeline, &name)));
    let output = |about: &str, value: Value| json!({"Description": about, "Value": value});
    Map::from_iter([
        (TABLE_OUTPUT.to_owned(), output("The table that workers share", json!({"Ref": table}))),
        (
            ROLE_OUTPUT.to_owned(),
            output("The role that workers run in", json!({"Fn::GetAtt": [role, "Arn"]})),
        ),
    ])
}

fn added(mut block: Block) -> Block {
    block.metadata.insert("Added".to_owned(), json!("for workers"));
    block
}

/// Permits, records and conversations under one text key. It has a name, so that one that workers made themselves is adopted.
fn state_table(name: &str) -> Block {
    let properties = json!({
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "TableName": name,
        "TimeToLiveSpecification": {"AttributeName": "expiration", "Enabled": true},
    });
    let properties = properties.as_object().cloned().unwrap_or_default();
    Block { holds: Holds::Data, ..Block::new("AWS::DynamoDB::Table", properties) }
}

fn worker_role(pipeline: &Pipeline, table: &str) -> Block {
    let arn = |service: &str, resource: &str| {
        json!(
            Arn::new(service, &marks::mark(marks::REGION), &marks::mark(marks::ACCOUNT), resource.to_owned())
                .to_string()
        )
    };
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": TRUSTED}, "Action": "sts:AssumeRole",
    }]});
    let document = json!({"Version": "2012-10-17", "Statement": carried::statements(pipeline, (table, &marks::mark(STACK)), &arn)});
    let properties = Map::from_iter([
        ("AssumeRolePolicyDocument".to_owned(), trust),
        ("Policies".to_owned(), json!([{"PolicyName": "work", "PolicyDocument": document}])),
    ]);
    Block::new("AWS::IAM::Role", properties)
}
