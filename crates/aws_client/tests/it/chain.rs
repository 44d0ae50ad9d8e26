//! Who calls: each source, their order, refreshing, and what is said where there is none.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws::Timestamp;
use aws_client::{Chain, NoCredentials, Settings};

use crate::peer::Peer;

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(1_767_225_600_000);
const HOUR: Duration = Duration::from_secs(3_600);

/// An environment with these variables and no instance.
pub(crate) fn environment(variables: &[(&str, &str)]) -> Settings {
    let mut all: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.entry("AWS_EC2_METADATA_DISABLED".to_owned()).or_insert_with(|| "true".to_owned());
    Settings::new(move |name| all.get(name).cloned())
}

/// A home folder with a configuration.
fn home(config: &str, credentials: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    fs::write(home.path().join(".aws/config"), config).unwrap();
    fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
    home
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn id(settings: Settings) -> Result<String, NoCredentials> {
    Chain::new(settings).unwrap().credentials(NOW).await.map(|credentials| credentials.access_key_id)
}

/// STS that gives credentials named after the role and the key that asked.
fn sts() -> Peer {
    Peer::new(|request| {
        let form: HashMap<String, String> = form(&request.body);
        let role = form["RoleArn"].rsplit('/').next().unwrap().to_owned();
        if role == "forbidden" {
            let error = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>may not</Message></Error></ErrorResponse>";
            return (403, error.to_owned());
        }
        let by = request
            .headers
            .iter()
            .find_map(|line| Some(line.split_once("credential=")?.1.split('/').next()?.to_owned()));
        let by = by.unwrap_or_else(|| form["WebIdentityToken"].clone());
        (
            200,
            format!(
                "<R><Credentials><AccessKeyId>{role}-by-{by}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                 <SessionToken>t</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration></Credentials></R>"
            ),
        )
    })
}

fn form(body: &str) -> HashMap<String, String> {
    let plain = |text: &str| text.replace("%3A", ":").replace("%2F", "/").replace('+', " ");
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), plain(value))).collect()
}

#[tokio::test]
async fn keys_in_the_environment_come_first_but_for_a_profile_that_is_named() {
    let home = home("", "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
    let keys = [("AWS_ACCESS_KEY_ID", "ENV"), ("AWS_SECRET_ACCESS_KEY", "s"), ("HOME", text(home.path()))];
    assert_eq!(id(environment(&keys)).await.unwrap(), "ENV");
    let named = environment(&keys).with_profile("default");
    assert_eq!(id(named).await.unwrap(), "FILE");
    let half =
        id(environment(&[("AWS_ACCESS_KEY_ID", "ENV"), ("HOME", text(home.path()))])).await.unwrap_err();
    assert!(
        half.to_string().contains("AWS_SECRET_ACCESS_KEY is not"),
        "another identity is not taken: {half}"
    );
}

#[tokio::test]
async fn without_any_source_all_that_were_tried_are_told() {
    let told = id(environment(&[])).await.unwrap_err();
    assert!(!told.may_pass);
    let told = told.to_string();
    for source in [
        "environment (AWS_ACCESS_KEY_ID is not set)",
        "profile (",
        "web identity (",
        "container (",
        "instance metadata (",
    ] {
        assert!(told.contains(source), "{source}: {told}");
    }
    let missing = id(environment(&[("AWS_PROFILE", "prod")])).await.unwrap_err();
    assert!(missing.to_string().contains("there is no profile 'prod'"), "{missing}");
}

#[tokio::test]
async fn roles_are_taken_one_after_the_other() {
    let sts = sts();
    let config = "[profile base]\nregion=eu-central-1\n\
         [profile middle]\nrole_arn=arn:aws:iam::1:role/middle\nsource_profile=base\n\
         [profile top]\nrole_arn=arn:aws:iam::2:role/top\nsource_profile=middle\nexternal_id=x y\nrole_session_name=me\nduration_seconds=900\nregion=eu-west-1\n\
         [profile env]\nrole_arn=arn:aws:iam::2:role/env\ncredential_source=Environment\n\
         [profile self]\nrole_arn=arn:aws:iam::2:role/self\nsource_profile=self\naws_access_key_id=SELF\naws_secret_access_key=s\n\
         [profile a]\nrole_arn=arn:aws:iam::2:role/a\nsource_profile=b\n[profile b]\nrole_arn=arn:aws:iam::2:role/b\nsource_profile=a\n\
         [profile lost]\nrole_arn=arn:aws:iam::2:role/b\nsource_profile=nobody\n\
         [profile no]\nrole_arn=arn:aws:iam::2:role/forbidden\nsource_profile=base\n\
         [profile mfa]\nrole_arn=arn:aws:iam::2:role/m\nsource_profile=base\nmfa_serial=arn:aws:iam::2:mfa/me\n";
    let home = home(config, "[base]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
    let of = |profile: &str| {
        let settings = environment(&[
            ("HOME", text(home.path())),
            ("AWS_ENDPOINT_URL_STS", &sts.url),
            ("AWS_ACCESS_KEY_ID", "ENV"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("PATH", "/nowhere"),
        ]);
        settings.with_profile(profile)
    };
    // Header values are compared in lower case here.
    assert_eq!(id(of("top")).await.unwrap(), "top-by-middle-by-base");
    let last = form(&sts.seen()[1].body);
    assert_eq!((last["ExternalId"].as_str(), last["RoleSessionName"].as_str()), ("x y", "me"));
    assert_eq!((last["DurationSeconds"].as_str(), last["Version"].as_str()), ("900", "2011-06-15"));
    assert!(sts.seen()[1].has("x-amz-security-token: t"), "the middle's credentials are temporary");
    assert!(sts.seen()[1].headers.iter().any(|line| line.contains("/eu-west-1/sts/aws4_request")));
    assert_eq!(id(of("env")).await.unwrap(), "env-by-env");
    assert_eq!(id(of("self")).await.unwrap(), "self-by-self");
    for (profile, words) in [
        ("a", "name each other"),
        ("lost", "the source_profile 'nobody' does not exist"),
        ("no", "STS refuses arn:aws:iam::2:role/forbidden: AccessDenied (HTTP status 403) may not"),
        ("mfa", "aws configure export-credentials --profile mfa"),
    ] {
        let told = id(of(profile)).await.unwrap_err();
        assert!(told.may_pass && told.to_string().contains(words), "{profile}: {told}");
    }
}

#[tokio::test]
async fn a_program_prints_credentials() {
    let config = |line: &str| format!("[default]\ncredential_process = {line}\n");
    let printed = r#"printf '%s' '{"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "s", "Expiration": "2026-01-01T01:00:00+00:00"}'"#;
    let home_of = |line: &str| home(&config(line), "");
    let good = home_of(printed);
    assert_eq!(id(environment(&[("HOME", text(good.path()))])).await.unwrap(), "P");
    let cases = [
        ("echo vault is sealed >&2; exit 4", "ended with status 4: vault is sealed"),
        ("echo {}", "printed no \"Version\": 1"),
        ("echo hidden", "printed something else than JSON"),
        ("echo '{\"Version\": 1, \"AccessKeyId\": \"P\"}'", "has no SecretAccessKey"),
    ];
    for (line, words) in cases {
        let home = home_of(line);
        let told = id(environment(&[("HOME", text(home.path()))])).await.unwrap_err().to_string();
        assert!(told.contains(words) && !told.contains("hidden"), "{line}: {told}");
    }
}

#[tokio::test]
async fn a_web_identity_is_exchanged_without_a_signature() {
    let sts = sts();
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", text(&token)),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/web"),
        ("AWS_ENDPOINT_URL_STS", &sts.url),
    ];
    let missing = id(environment(&variables)).await.unwrap_err().to_string();
    assert!(missing.contains("does not exist"), "{missing}");
    fs::write(&token, "jwt\n").unwrap();
    assert_eq!(id(environment(&variables)).await.unwrap(), "web-by-jwt");
    assert!(!sts.seen()[0].has("authorization"));
    assert_eq!(form(&sts.seen()[0].body)["RoleSessionName"], "trunkline-1767225600000");
}

#[tokio::test]
async fn a_container_gives_credentials_for_its_token() {
    let peer = Peer::new(|request| {
        match request.has("authorization: let me in") {
        true => (200, r#"{"AccessKeyId": "C", "SecretAccessKey": "s", "Token": "t", "Expiration": "2026-01-01T01:00:00Z"}"#.to_owned()),
        false => (403, r#"{"code": "AccessDenied", "message": "no token"}"#.to_owned()),
    }
    });
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "let me in\n").unwrap();
    let url = format!("{}/creds", peer.url);
    let full = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str());
    let file = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", text(&token));
    assert_eq!(id(environment(&[full, file])).await.unwrap(), "C");
    let told = id(environment(&[full])).await.unwrap_err().to_string();
    assert!(told.contains("container: it answered 403 AccessDenied no token"), "{told}");
    let far = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/creds");
    let told = id(environment(&[far, file])).await.unwrap_err().to_string();
    assert!(
        told.contains("192.0.2.1"),
        "a token goes in plain HTTP to the addresses of containers alone: {told}"
    );
}

#[tokio::test]
async fn an_instance_is_asked_for_a_token_first() {
    let peer = Peer::new(|request| {
        let may = request.has("x-aws-ec2-metadata-token: token-1");
        match request.line.as_str() {
            "PUT /latest/api/token" if request.has("x-aws-ec2-metadata-token-ttl-seconds: 21600") => (200, "token-1".to_owned()),
            "GET /latest/meta-data/iam/security-credentials/" if may => (200, "worker\n".to_owned()),
            "GET /latest/meta-data/iam/security-credentials/worker" if may => (
                200,
                r#"{"Code": "Success", "AccessKeyId": "I", "SecretAccessKey": "s", "Token": "t", "Expiration": "2026-01-01T06:00:00Z"}"#
                    .to_owned(),
            ),
            _ => (401, String::new()),
        }
    });
    let settings = |url: &str| {
        environment(&[("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)])
    };
    assert_eq!(id(settings(&peer.url)).await.unwrap(), "I");
    let bare =
        Peer::new(
            |request| {
                if request.line.starts_with("PUT") { (200, "t".to_owned()) } else { (404, String::new()) }
            },
        );
    let told = id(settings(&bare.url)).await.unwrap_err();
    assert!(!told.may_pass && told.to_string().contains("the instance has no role"), "{told}");
    let broken = Peer::new(|request| match request.line.as_str() {
        "PUT /latest/api/token" => (200, "t".to_owned()),
        line if line.ends_with("security-credentials/") => (200, "worker".to_owned()),
        _ => (
            200,
            r#"{"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"}"#.to_owned(),
        ),
    });
    let told = id(settings(&broken.url)).await.unwrap_err().to_string();
    assert!(told.contains("AssumeRoleUnauthorizedAccess EC2 cannot assume"), "{told}");
}

#[tokio::test]
async fn a_sign_in_that_is_still_good_is_used() {
    let portal = Peer::new(|request| {
        assert!(request.has("x-amz-sso_bearer_token: bearer"), "{request:?}");
        (200, r#"{"roleCredentials": {"accessKeyId": "S", "secretAccessKey": "s", "sessionToken": "t", "expiration": 1767229200000}}"#.to_owned())
    });
    let config = "[default]\nsso_session=corp\nsso_account_id=123456789012\nsso_role_name=dev ops\n[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://x\n";
    let home = home(config, "");
    let cache = home.path().join(".aws/sso/cache");
    fs::create_dir_all(&cache).unwrap();
    // SHA-1 of "corp", as `sha1sum` prints it.
    let file = cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    let settings = || environment(&[("HOME", text(home.path())), ("AWS_ENDPOINT_URL_SSO", &portal.url)]);
    fs::write(&file, r#"{"accessToken": "bearer", "expiresAt": "2026-01-01T08:00:00Z"}"#).unwrap();
    assert_eq!(id(settings()).await.unwrap(), "S");
    assert_eq!(
        portal.seen()[0].line,
        "GET /federation/credentials?role_name=dev%20ops&account_id=123456789012"
    );
    fs::write(&file, r#"{"accessToken": "bearer", "expiresAt": "2025-12-31T23:59:59Z"}"#).unwrap();
    let told = id(settings()).await.unwrap_err().to_string();
    assert!(
        told.contains("the sign-in expired at 2025-12-31")
            && told.contains("aws sso login --profile default"),
        "{told}"
    );
}

#[tokio::test]
async fn credentials_are_fetched_again_in_time_and_serve_until_they_expire() {
    static ROUND: AtomicU32 = AtomicU32::new(0);
    let peer = Peer::new(|_| {
        match ROUND.fetch_add(1, Ordering::SeqCst) {
        0 => (200, r#"{"AccessKeyId": "first", "SecretAccessKey": "s", "Token": "t", "Expiration": "2026-01-01T01:00:00Z"}"#.to_owned()),
        1 | 2 => (500, r#"{"code": "InternalError", "message": "busy"}"#.to_owned()),
        _ => (200, r#"{"AccessKeyId": "second", "SecretAccessKey": "s", "Token": "t", "Expiration": "2026-01-01T02:00:00Z"}"#.to_owned()),
    }
    });
    let chain = Chain::new(environment(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &peer.url)])).unwrap();
    let at = async |after: Duration| chain.credentials(NOW.plus(after)).await.map(|who| who.access_key_id);
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    assert_eq!(at(Duration::ZERO).await.unwrap(), "first");
    assert_eq!(
        (at(minutes(54)).await.unwrap().as_str(), peer.seen().len()),
        ("first", 1),
        "fresh: nobody is asked"
    );
    assert_eq!(
        (at(minutes(56)).await.unwrap().as_str(), peer.seen().len()),
        ("first", 2),
        "the refresh fails, and they still serve"
    );
    assert_eq!(
        (at(minutes(56)).await.unwrap().as_str(), peer.seen().len()),
        ("first", 2),
        "a failure is not repeated at once"
    );
    let told = at(HOUR).await.unwrap_err();
    assert!(told.may_pass && told.to_string().contains("busy"), "expired: {told}");
    assert_eq!(at(minutes(61)).await.unwrap(), "second");
    assert_eq!(ROUND.load(Ordering::SeqCst), 4);
}
