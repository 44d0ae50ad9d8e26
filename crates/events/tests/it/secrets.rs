//! Secrets of connections, as Secrets Manager shows them.

use events::secrets::SERVICE;
use serde_json::{Value, json};

use crate::house::{House, NOON, answer_of};

fn ask(house: &House, operation: &str, request: &Value) -> Result<Value, aws::Error> {
    answer_of(SERVICE.run(&house.events, operation, house.call(NOON), request.to_string().as_bytes()))
}

/// What each kind of connection has in its secret, as LocalStack recorded it from AWS (`test_connection_secrets`,
/// `test_update_connection`); lists of parameters as users of it read them.
#[test]
fn a_secret_holds_what_its_connection_was_given() {
    let house = House::new();
    house.events.show_secrets();
    let body = json!([{"Key": "scope", "Value": "calls", "IsValueSecret": true}]);
    let oauth = json!({
        "ClientParameters": {"ClientID": "client_id", "ClientSecret": "client_secret"},
        "AuthorizationEndpoint": "https://example.com/oauth",
        "HttpMethod": "POST",
    });
    let mut oauth_more = oauth.clone();
    oauth_more["OAuthHttpParameters"] = json!({"BodyParameters": body});
    let basic = json!({"Username": "user", "Password": "pass"});
    let cases = [
        (
            "BASIC",
            json!({"BasicAuthParameters": basic, "InvocationHttpParameters": {}}),
            r#"{"username":"user","password":"pass","invocation_http_parameters":{}}"#,
        ),
        ("BASIC", json!({"BasicAuthParameters": basic}), r#"{"username":"user","password":"pass"}"#),
        (
            "API_KEY",
            json!({"ApiKeyAuthParameters": {"ApiKeyName": "ApiKey", "ApiKeyValue": "secret"}}),
            r#"{"api_key_name":"ApiKey","api_key_value":"secret"}"#,
        ),
        (
            "OAUTH_CLIENT_CREDENTIALS",
            json!({"OAuthParameters": oauth}),
            r#"{"client_id":"client_id","client_secret":"client_secret","authorization_endpoint":"https://example.com/oauth","http_method":"POST"}"#,
        ),
        (
            "OAUTH_CLIENT_CREDENTIALS",
            json!({"OAuthParameters": oauth_more}),
            r#"{"client_id":"client_id","client_secret":"client_secret","authorization_endpoint":"https://example.com/oauth","http_method":"POST","oauth_http_parameters":{"body_parameters":[{"key":"scope","value":"calls"}]}}"#,
        ),
    ];
    for (number, (kind, parameters, wanted)) in cases.into_iter().enumerate() {
        let name = format!("c{number}");
        let request = json!({"Name": name, "AuthorizationType": kind, "AuthParameters": parameters});
        house.ask("CreateConnection", &request).unwrap();
        let arn = house.ask("DescribeConnection", &json!({"Name": name})).unwrap()["SecretArn"].clone();
        let value = ask(&house, "GetSecretValue", &json!({"SecretId": arn})).unwrap();
        assert_eq!(value["SecretString"], wanted);
        assert_eq!((&value["ARN"], &value["VersionStages"]), (&arn, &json!(["AWSCURRENT"])));
    }
}

#[test]
fn a_secret_is_found_by_its_names_and_its_value_is_for_verified_callers() {
    let house = House::new();
    let parameters = json!({"ApiKeyAuthParameters": {"ApiKeyName": "ApiKey", "ApiKeyValue": "hunter2"}});
    let request = json!({"Name": "crm", "AuthorizationType": "API_KEY", "AuthParameters": parameters});
    house.ask("CreateConnection", &request).unwrap();
    let arn = house.ask("DescribeConnection", &json!({"Name": "crm"})).unwrap()["SecretArn"].clone();
    let arn = arn.as_str().unwrap();
    let described = ask(&house, "DescribeSecret", &json!({"SecretId": arn})).unwrap();
    let name = described["Name"].as_str().unwrap();
    assert!(
        arn.starts_with(&format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-")),
        "{arn}"
    );
    assert!(name.starts_with("events!connection/crm/"), "{name}");
    assert_eq!(described["OwningService"], "events");
    let (without_suffix, _) = arn.rsplit_once('-').unwrap();
    for id in [name, without_suffix] {
        assert_eq!(ask(&house, "DescribeSecret", &json!({"SecretId": id})).unwrap(), described);
    }
    let code = |operation: &str, request: Value| {
        let error = ask(&house, operation, &request).unwrap_err();
        assert!(!error.message.contains("hunter2"), "{}", error.message);
        (error.code.into_owned(), error.message)
    };
    let (denied, words) = code("GetSecretValue", json!({"SecretId": arn}));
    assert_eq!(denied, "AccessDeniedException");
    assert!(
        words.contains("not authorized to perform: secretsmanager:GetSecretValue on resource: "),
        "{words}"
    );
    assert!(words.ends_with("start it with --auth sigv4."), "{words}");
    let gone = (
        "ResourceNotFoundException".to_owned(),
        "Secrets Manager can't find the specified secret.".to_owned(),
    );
    assert_eq!(code("DescribeSecret", json!({"SecretId": "events!connection/crm"})), gone);
    assert_eq!(code("DescribeSecret", json!({})).0, "ValidationException");

    house.events.show_secrets();
    let pending = code("GetSecretValue", json!({"SecretId": arn, "VersionStage": "AWSPENDING"}));
    let words = "Secrets Manager can't find the specified secret value for staging label: AWSPENDING";
    assert_eq!(pending, (gone.0.clone(), words.to_owned()));
    let before = ask(&house, "GetSecretValue", &json!({"SecretId": arn})).unwrap();
    assert_eq!(
        described["VersionIdsToStages"],
        json!({before["VersionId"].as_str().unwrap(): ["AWSCURRENT"]})
    );
    let parameters = json!({"ApiKeyAuthParameters": {"ApiKeyName": "ApiKey", "ApiKeyValue": "other"}});
    house.ask("UpdateConnection", &json!({"Name": "crm", "AuthParameters": parameters})).unwrap();
    let after = ask(&house, "GetSecretValue", &json!({"SecretId": arn})).unwrap();
    assert_eq!(after["SecretString"], r#"{"api_key_name":"ApiKey","api_key_value":"other"}"#);
    assert_ne!(before["VersionId"], after["VersionId"]);
    house.ask("DeauthorizeConnection", &json!({"Name": "crm"})).unwrap();
    assert_eq!(code("GetSecretValue", json!({"SecretId": arn})), gone);
}
