//! Events of the shape that Genesys Cloud puts on EventBridge, about 1.64 kB each, and rules for them.

use crate::random::Random;

/// Ids that rules name; the first n of them where there are n rules.
pub struct Pool(Vec<String>);

const ACTIONS: [&str; 10] = [
    "acd.start", "acd.end", "user.start", "user.end", "customer.start", "customer.end", "ivr.start", "flow.end",
    "wrapup", "attributes",
];
const MEDIA: [&str; 7] = ["VOICE", "VOICE", "VOICE", "CHAT", "MESSAGE", "EMAIL", "CALLBACK"];
const FIELDS: [&str; 20] = [
    "conversationId", "queueId", "mediaType", "direction", "acdOutcome", "disconnectType", "flowType", "usedRouting",
    "provider", "divisionId", "userId", "externalContactId", "participantId", "sessionId", "ani", "dnis", "addressTo",
    "addressFrom", "flowVersion", "eventTime",
];

/// The rule sets for which there are figures to compare with, and one of all operators.
pub const SETS: [&str; 8] = ["exact1", "real3", "prefix", "spread", "mix", "wild1", "wild2", "operators"];

impl Pool {
    pub fn new() -> Pool {
        let mut random = Random::new(7);
        Pool((0..100_000).map(|_| random.uuid()).collect())
    }

    /// Every other event names ids of the first `rules`.
    pub fn events(&self, rules: usize, count: usize) -> Vec<String> {
        let mut random = Random::new(rules as u64);
        let org = "9d7a2f66-5a0c-4a44-9a3b-1f0a3b9f5d11";
        (0..count).map(|number| self.event(&mut random, org, (number % 2 == 0).then_some(rules))).collect()
    }

    fn event(&self, r: &mut Random, org: &str, hit: Option<usize>) -> String {
        let id = |r: &mut Random| match hit {
            Some(rules) => self.0[r.below(rules as u64) as usize].clone(),
            None => r.uuid(),
        };
        let (queue, conversation) = (id(r), id(r));
        let action = if hit.is_some() { "acd.end" } else { r.pick(&ACTIONS) };
        let body = format!(
            concat!(
                r#"{{"eventTime":{},"conversationId":"{conversation}","participantId":"{}","sessionId":"{}","#,
                r#""mediaType":"{}","provider":"Edge","direction":"{}","ani":"tel:+1{:010}","dnis":"tel:+1{:010}","#,
                r#""addressTo":"sip:{}@edge.example.com","addressFrom":"+1{:010}","queueId":"{queue}","#,
                r#""divisionId":"{}","userId":"{}","flowType":"INBOUNDCALL","flowVersion":"{}.0","acdOutcome":"{}","#,
                r#""disconnectType":"{}","externalContactId":"{}","requestedRoutings":["Standard"],"#,
                r#""requestedRoutingUserIds":[],"usedRouting":"Standard","routingPriority":{},"agentScore":{:.4},"#,
                r#""alertingDurationMs":{},"connectedDurationMs":{},"callbackNumbers":[],"subject":null,"#,
                r#""conversationExternalContactIds":["{}","{}"],"recording":{},"labels":{{"team":"t{}","site":"s{}"}}}}"#,
            ),
            1_755_850_000_000 + r.below(10_000_000), r.uuid(), r.uuid(), r.pick(&MEDIA), r.pick(&["INBOUND", "OUTBOUND"]),
            r.below(10_000_000_000), r.below(10_000_000_000), r.below(1_000_000), r.below(10_000_000_000), r.uuid(),
            r.uuid(), r.below(40), r.pick(&["ANSWERED", "ABANDONED", "TRANSFERRED"]), r.pick(&["PEER", "CLIENT", "SYSTEM"]),
            r.uuid(), r.below(100), r.unit() * 100.0, r.below(60_000), r.below(600_000), r.uuid(), r.uuid(),
            r.below(2) == 0, r.below(50), r.below(9), conversation = conversation, queue = queue,
        );
        format!(
            concat!(
                r#"{{"version":"0","id":"{}","detail-type":"v2.detail.events.conversation.{{id}}.{action}","#,
                r#""source":"aws.partner/genesys.com/cloud/{org}/prod-events","account":"123456789012","#,
                r#""time":"2026-08-22T08:{:02}:{:02}Z","region":"us-east-1","resources":[],"#,
                r#""detail":{{"topicName":"v2.detail.events.conversation.{conversation}.{action}","version":"2","#,
                r#""timestamp":"2026-08-22T08:00:00.{:03}Z","eventBody":{body},"#,
                r#""metadata":{{"CorrelationId":"{}","traceId":"{}"}}}}}}"#,
            ),
            r.uuid(), r.below(60), r.below(60), r.below(1000), r.uuid(), r.uuid().replace('-', ""),
            action = action, org = org, conversation = conversation, body = body,
        )
    }

    /// The patterns of a set.
    pub fn rules(&self, set: &str, count: usize) -> Vec<String> {
        (0..count).map(|number| self.rule(set, number)).collect()
    }

    fn rule(&self, set: &str, n: usize) -> String {
        let id = &self.0[n];
        let body = |field: &str, value: String| format!(r#"{{"detail":{{"eventBody":{{"{field}":[{value}]}}}}}}"#);
        let topic = |wildcard: String| format!(r#"{{"detail":{{"topicName":[{{"wildcard":"{wildcard}"}}]}}}}"#);
        match set {
            "exact1" => body("queueId", format!("\"{id}\"")),
            "prefix" => body("queueId", format!(r#"{{"prefix":"{}"}}"#, &id[..13])),
            "wild1" => topic(format!("v2.detail.events.conversation.{}*.acd.end", &id[..8])),
            "wild2" => topic(format!("*.{}*.acd.*", &id[..8])),
            "spread" => body(FIELDS[n % FIELDS.len()], format!("\"{id}\"")),
            "mix" if n % 10 == 8 => self.rule("prefix", n),
            "mix" if n % 10 == 9 => self.rule("wild1", n),
            "mix" => self.rule("exact1", n),
            "operators" => self.any_operator(n),
            _ => format!(
                concat!(
                    r#"{{"source":[{{"prefix":"aws.partner/genesys.com"}}],"#,
                    r#""detail-type":["v2.detail.events.conversation.{{id}}.acd.end"],"#,
                    r#""detail":{{"eventBody":{{"queueId":["{}"],"mediaType":["VOICE"]}}}}}}"#
                ),
                id
            ),
        }
    }

    /// One operator after another, each about as selective as an id.
    fn any_operator(&self, n: usize) -> String {
        let id = &self.0[n];
        let body = |fields: String| format!(r#"{{"detail":{{"eventBody":{{{fields}}}}}}}"#);
        match n % 10 {
            0 => self.rule("real3", n),
            1 => self.rule("prefix", n),
            2 => body(format!(r#""queueId":[{{"suffix":"{}"}}]"#, &id[24..])),
            3 => body(format!(r#""queueId":[{{"equals-ignore-case":"{}"}}]"#, id.to_uppercase())),
            4 => self.rule("wild2", n),
            5 => {
                let from = 1_755_850_000_000 + (n as u64 * 7919) % 10_000_000;
                body(format!(r#""eventTime":[{{"numeric":[">=",{from},"<",{}]}}]"#, from + 50))
            }
            6 => body(format!(r#""addressTo":[{{"cidr":"10.{}.{}.0/24"}}]"#, n / 256 % 256, n % 256)),
            7 => body(format!(r#""conversationId":["{id}"],"mediaType":[{{"anything-but":["EMAIL","CHAT"]}}]"#)),
            8 => body(format!(r#""queueId":["{id}"],"subject":[{{"exists":true}}],"error":[{{"exists":false}}]"#)),
            _ => body(format!(r#""$or":[{{"userId":["{id}"]}},{{"queueId":[{{"prefix":{{"equals-ignore-case":"{id}"}}}}]}}]"#)),
        }
    }
}

impl Pool {
    /// An event that matches the `real3` rule of this number and no other.
    pub fn real3_event(&self, number: usize) -> String {
        format!(
            concat!(
                r#"{{"source":"aws.partner/genesys.com/cloud/x","detail-type":"v2.detail.events.conversation.{{id}}.acd.end","#,
                r#""detail":{{"eventBody":{{"queueId":"{}","mediaType":"VOICE"}}}}}}"#
            ),
            self.0[number]
        )
    }
}
