//! What a service may do in a role's name.

use aws::Arn;
use iam::{Authority, Errand};
use serde_json::{Value, json};

use crate::house::{ACCOUNT, House};

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
const RULE: &str = "arn:aws:events:us-east-1:123456789012:rule/b/r";

fn role(house: &mut House, trust: &Value) -> Arn {
    let request =
        json!({"RoleName": "target", "Path": "/events/", "AssumeRolePolicyDocument": trust.to_string()});
    house.ask("CreateRole", &request)["Role"]["Arn"].as_str().unwrap().parse().unwrap()
}

fn trusting(service: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}}]})
}

fn permit(house: &mut House, action: &str, resource: &str) {
    let document = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}});
    let request = json!({"RoleName": "target", "PolicyName": "p", "PolicyDocument": document.to_string()});
    house.ask("PutRolePolicy", &request);
}

fn may(house: &House, role: &Arn) -> Authority {
    let (resource, source) = (MACHINE.parse().unwrap(), RULE.parse().unwrap());
    let errand = Errand {
        role,
        service: "events.amazonaws.com",
        action: "states:StartExecution",
        resource: &resource,
        source: &source,
    };
    house.store.read(|read| house.iam.may(read, &errand)).unwrap()
}

fn why(authority: Authority) -> String {
    match authority {
        Authority::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_role_must_be_there_trust_the_service_and_be_allowed() {
    let mut house = House::new();
    let absent: Arn = "arn:aws:iam::123456789012:role/events/target".parse().unwrap();
    assert!(why(may(&house, &absent)).contains("does not exist here"));
    let role = role(&mut house, &trusting("lambda.amazonaws.com"));
    assert_eq!(role, absent);
    let reason = why(may(&house, &role));
    assert!(
        reason.contains("The trust policy of") && reason.contains("not events.amazonaws.com"),
        "{reason}"
    );
    let trust = trusting("events.amazonaws.com").to_string();
    house.ask("UpdateAssumeRolePolicy", &json!({"RoleName": "target", "PolicyDocument": trust}));
    let reason = why(may(&house, &role));
    assert!(reason.contains("no statement allows states:StartExecution"), "{reason}");
    permit(&mut house, "states:StartExecution", "arn:aws:states:us-east-1:123456789012:stateMachine:other");
    let reason = why(may(&house, &role));
    assert!(reason.contains("stateMachine:other, not"), "{reason}");
    permit(&mut house, "states:StartExecution", MACHINE);
    assert_eq!(may(&house, &role), Authority::Allowed);
    // A role of the same name at another path is another ARN.
    let elsewhere: Arn = "arn:aws:iam::123456789012:role/target".parse().unwrap();
    assert!(why(may(&house, &elsewhere)).contains("does not exist here"));
}

#[test]
fn a_policy_of_aws_s_that_is_not_known_may_allow_anything_and_a_deny_still_counts() {
    let mut house = House::new();
    let role = role(&mut house, &trusting("events.amazonaws.com"));
    let attach = |house: &mut House, name: &str| {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        house.ask("AttachRolePolicy", &json!({"RoleName": "target", "PolicyArn": arn}));
    };
    attach(&mut house, "service-role/AWSLambdaBasicExecutionRole");
    assert!(matches!(may(&house, &role), Authority::Refused(_)));
    attach(&mut house, "AWSStepFunctionsFullAccess");
    assert_eq!(may(&house, &role), Authority::Unknown);
    attach(&mut house, "AdministratorAccess");
    assert_eq!(may(&house, &role), Authority::Allowed);
    let deny = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "states:*", "Resource": "*"}});
    let request = json!({"RoleName": "target", "PolicyName": "p", "PolicyDocument": deny.to_string()});
    house.ask("PutRolePolicy", &request);
    assert!(why(may(&house, &role)).contains("denies states:StartExecution"));
}

#[test]
fn a_boundary_takes_away_and_never_gives() {
    let mut house = House::new();
    let role = role(&mut house, &trusting("events.amazonaws.com"));
    let bound = |house: &mut House, action: &str| {
        let document = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}});
        let name = action.replace([':', '*'], "_");
        let request = json!({"PolicyName": name, "PolicyDocument": document.to_string()});
        let arn = house.ask("CreatePolicy", &request)["Policy"]["Arn"].clone();
        house.ask("PutRolePermissionsBoundary", &json!({"RoleName": "target", "PermissionsBoundary": arn}));
    };
    bound(&mut house, "states:*");
    assert!(matches!(may(&house, &role), Authority::Refused(_)));
    permit(&mut house, "*", "*");
    assert_eq!(may(&house, &role), Authority::Allowed);
    bound(&mut house, "sqs:*");
    assert!(why(may(&house, &role)).contains("The permissions boundary"));
}

#[test]
fn each_change_is_a_new_generation_and_a_look_is_not() {
    let mut house = House::new();
    let before = house.iam.generation();
    role(&mut house, &trusting("events.amazonaws.com"));
    let after = house.iam.generation();
    assert!(after > before);
    house.ask("GetRole", &json!({"RoleName": "target"}));
    let absent = json!({"RoleName": "none", "PolicyName": "p"});
    house.ask_as(ACCOUNT, "DeleteRolePolicy", &absent).unwrap_err();
    assert_eq!(house.iam.generation(), after);
}
