//! What resource types are called, and which hold data.

/// A resource type in a person's words.
#[derive(Debug)]
struct Noun {
    kind: &'static str,
    word: &'static str,
    data: Option<&'static str>,
}

const fn plain(kind: &'static str, word: &'static str) -> Noun {
    Noun { kind, word, data: None }
}

const fn holding(kind: &'static str, word: &'static str, data: &'static str) -> Noun {
    Noun { kind, word, data: Some(data) }
}

/// The types that a pipeline's template has.
const NOUNS: &[Noun] = &[
    holding("AWS::SQS::Queue", "queue", "its messages"),
    holding("AWS::DynamoDB::Table", "table", "its items"),
    holding("AWS::Logs::LogGroup", "log group", "its log events"),
    holding("AWS::Events::Archive", "archive", "its events"),
    plain("AWS::SQS::QueuePolicy", "queue policy"),
    plain("AWS::Events::EventBus", "event bus"),
    plain("AWS::Events::Rule", "rule"),
    plain("AWS::Events::Connection", "connection"),
    plain("AWS::Events::ApiDestination", "API destination"),
    plain("AWS::Events::EventBusPolicy", "event bus policy"),
    plain("AWS::Lambda::Function", "function"),
    plain("AWS::Lambda::Permission", "permission"),
    plain("AWS::Lambda::EventSourceMapping", "event source mapping"),
    plain("AWS::Lambda::EventInvokeConfig", "invoke configuration"),
    plain("AWS::Lambda::Version", "version"),
    plain("AWS::Lambda::Alias", "alias"),
    plain("AWS::Lambda::Url", "function URL"),
    plain("AWS::StepFunctions::StateMachine", "state machine"),
    plain("AWS::Scheduler::Schedule", "schedule"),
    plain("AWS::IAM::Role", "role"),
    plain("AWS::IAM::Policy", "policy"),
    plain("AWS::Logs::ResourcePolicy", "log resource policy"),
];

fn noun(kind: &str) -> Option<&'static Noun> {
    NOUNS.iter().find(|noun| noun.kind == kind)
}

/// What a resource type is called: `queue`; the type itself where nobody here knows it.
pub fn word(kind: &str) -> &str {
    noun(kind).map_or(kind, |noun| noun.word)
}

/// The data that is lost with a resource of this type. Types that nobody here knows may hold some.
pub fn data(kind: &str) -> Option<&'static str> {
    match noun(kind) {
        Some(noun) => noun.data,
        None => Some("what it holds"),
    }
}

/// A resource's name for a person: the end of its URL or ARN where it has one, or its logical id.
pub fn name<'n>(logical_id: &'n str, physical_id: &'n str) -> &'n str {
    let end = match physical_id {
        url if url.starts_with("http://") || url.starts_with("https://") => url.rsplit('/').next(),
        arn if arn.starts_with("arn:") => arn.rsplit([':', '/']).next(),
        "" => None,
        plain => Some(plain),
    };
    end.filter(|end| !end.is_empty()).unwrap_or(logical_id)
}
