//! The many-rules engine against single patterns: the same rules, the same events, the same answer.

use std::collections::BTreeMap;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::pattern::EventPattern;
use crate::ruleset::conjunction::LOOKS;
use crate::ruleset::{RuleId, RuleSet, Scratch};

/// Keys that meet: a key with a dot, nested ones that make the same path, one with an escape.
fn key() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => Just("a"), 6 => Just("b"), 4 => Just("c"), 2 => Just("a.b"), 1 => Just(""), 1 => Just("."),
        1 => Just("a long key of the event"), 1 => Just("b long key of the event"), 1 => Just("\\u0061"), 1 => Just("ü"),
    ]
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[xyXY]{0,4}",
        1 => "[xyz]{6,20}",
        1 => Just("0a1b2c3d-queue".to_owned()),
        1 => Just("prod.0a1b2c3d-queue.acd.end".to_owned()),
        1 => Just("10.0.0.1".to_owned()),
        1 => Just("010.0.0.001".to_owned()),
        1 => Just("::1".to_owned()),
        1 => Just("x\\ny\\u00fc".to_owned()),
        1 => Just("STRASSE ſß ü Ü İı".to_owned()),
        1 => Just("\\ud800x\\\"".to_owned()),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-9i32..9).prop_map(|n| n.to_string()),
        1 => Just("3.0".to_owned()),
        1 => Just("3e0".to_owned()),
        1 => Just("-0".to_owned()),
        1 => Just("9007199254740993".to_owned()),
        1 => any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => string().prop_map(|s| format!("\"{s}\"")),
        3 => number(),
        1 => Just("true".to_owned()),
        1 => Just("false".to_owned()),
        1 => Just("null".to_owned()),
    ]
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("\n\t")]
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let entry = (key(), space(), space(), value).prop_map(|(k, s, t, v)| format!("{s}\"{k}\"{s}:{t}{v}"));
    (proptest::collection::vec(entry, 0..5), space()).prop_map(|(e, s)| format!("{{{}{s}}}", e.join(",")))
}

/// Any event: repeated keys, arrays of objects in arrays.
fn event() -> impl Strategy<Value = String> {
    let value = scalar().prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            object(inner.clone()),
            (proptest::collection::vec(inner, 0..4), space())
                .prop_map(|(v, s)| format!("[{s}{}{s}]", v.join(",")))
        ]
    });
    object(value)
}

/// An object whose few keys come again and again, after much that nobody wants or little.
fn again_object() -> impl Strategy<Value = String> {
    let key = || prop_oneof![6 => Just("a"), 4 => Just("b"), 4 => Just("c"), 1 => Just("b.c"), 1 => Just("\\u0061")];
    let word = || prop_oneof![4 => Just("\"x\""), 4 => Just("\"y\""), 1 => Just("\"a\""), 1 => Just("1")];
    let object = |entries: Vec<(&str, String)>| {
        let entries: Vec<_> = entries.iter().map(|(key, value)| format!("\"{key}\" :{value}")).collect();
        format!("{{{}}}", entries.join(", "))
    };
    let words = proptest::collection::vec(word(), 0..3).prop_map(|words| format!("[{}]", words.join(",")));
    let simple = prop_oneof![4 => word().prop_map(str::to_owned), 1 => words];
    let inner = proptest::collection::vec((key(), simple.clone()), 0..3).prop_map(object);
    let filler = format!("[{}\"b\"]", "\"nobody wants this\",".repeat(20));
    let value = prop_oneof![
        6 => simple,
        3 => inner.clone(),
        1 => proptest::collection::vec(inner, 0..3).prop_map(|objects| format!("[{}]", objects.join(","))),
        1 => Just(filler),
    ];
    proptest::collection::vec((key(), value), 1..7).prop_map(object)
}

fn text() -> impl Strategy<Value = String> {
    string().prop_map(|s| format!("\"{s}\""))
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![text(), proptest::collection::vec(text(), 1..3).prop_map(|t| format!("[{}]", t.join(",")))]
}

fn wildcard() -> impl Strategy<Value = String> {
    prop_oneof![
        "(\\*)?[xyXY]{1,2}(\\*[xy]{1,2}){0,2}(\\*)?",
        Just("*.0a1b2c3d-*.acd.*".to_owned()),
        Just("*b2c3*".to_owned()),
        Just("*".to_owned()),
    ]
    .prop_map(|w| format!("\"{w}\""))
}

fn numeric() -> impl Strategy<Value = String> {
    prop_oneof![
        ("(=|<|<=|>|>=)", number()).prop_map(|(o, n)| format!("\"{o}\",{n}")),
        (-9i32..3, 1i32..6, any::<(bool, bool)>()).prop_map(|(low, more, (a, b))| {
            format!(
                "\">{}\",{low},\"<{}\",{}",
                if a { "=" } else { "" },
                if b { "=" } else { "" },
                low + more
            )
        }),
    ]
}

fn matcher() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => scalar(),
        1 => text().prop_map(|t| format!("{{\"prefix\":{t}}}")),
        1 => text().prop_map(|t| format!("{{\"suffix\":{t}}}")),
        1 => text().prop_map(|t| format!("{{\"equals-ignore-case\":{t}}}")),
        1 => text().prop_map(|t| format!("{{\"prefix\":{{\"equals-ignore-case\":{t}}}}}")),
        1 => text().prop_map(|t| format!("{{\"suffix\":{{\"equals-ignore-case\":{t}}}}}")),
        2 => wildcard().prop_map(|w| format!("{{\"wildcard\":{w}}}")),
        2 => numeric().prop_map(|n| format!("{{\"numeric\":[{n}]}}")),
        1 => prop_oneof![Just("10.0.0.0/24"), Just("0.0.0.0/0"), Just("::/0"), Just("::/64")]
            .prop_map(|c| format!("{{\"cidr\":\"{c}\"}}")),
        2 => any::<bool>().prop_map(|e| format!("{{\"exists\":{e}}}")),
        1 => prop_oneof![texts(), number()].prop_map(|t| format!("{{\"anything-but\":{t}}}")),
        1 => ("(prefix|suffix|equals-ignore-case)", texts())
            .prop_map(|(o, t)| format!("{{\"anything-but\":{{\"{o}\":{t}}}}}")),
        1 => wildcard().prop_map(|w| format!("{{\"anything-but\":{{\"wildcard\":{w}}}}}")),
    ]
}

fn pattern_object() -> impl Strategy<Value = String> {
    let list = proptest::collection::vec(matcher(), 1..3).prop_map(|m| format!("[{}]", m.join(",")));
    list.prop_recursive(3, 12, 3, |inner| {
        let entry = (key(), inner).prop_map(|(k, v)| format!("\"{k}\":{v}"));
        proptest::collection::vec(entry, 1..4).prop_map(|e| format!("{{{}}}", e.join(",")))
    })
}

fn pattern() -> impl Strategy<Value = String> {
    let entry = (key(), pattern_object()).prop_map(|(k, v)| format!("\"{k}\":{v}"));
    let branch = (key(), pattern_object()).prop_map(|(k, v)| format!("{{\"{k}\":{v}}}"));
    let or = proptest::collection::vec(branch, 2..4).prop_map(|b| format!("\"$or\":[{}]", b.join(",")));
    (proptest::collection::vec(entry, 0..3), proptest::option::weighted(0.2, or)).prop_map(
        |(mut entries, or)| {
            entries.extend(or);
            format!("{{{}}}", entries.join(","))
        },
    )
}

/// The answer of each pattern alone, and of all together.
fn check(rules: &RuleSet, model: &BTreeMap<RuleId, EventPattern>, event: &str, scratch: &mut Scratch) {
    let alone: Result<Vec<RuleId>, _> = model
        .iter()
        .filter_map(|(id, pattern)| match pattern.matches(event.as_bytes()) {
            Ok(matched) => matched.then_some(Ok(*id)),
            Err(error) => Some(Err(error)),
        })
        .collect();
    let together = rules.matches_with(event.as_bytes(), scratch).map(<[u64]>::to_vec);
    match alone {
        Ok(alone) => assert_eq!(together, Ok(alone), "{event}\n{model:#?}"),
        // Faults in what no rule names are passed over.
        Err(_) => drop(together),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn together_as_alone(
        patterns in proptest::collection::vec((0u64..20, proptest::option::weighted(0.8, pattern())), 1..40),
        events in proptest::collection::vec(event(), 1..12),
    ) {
        let (rules, mut model, mut scratch) = (RuleSet::new(), BTreeMap::new(), Scratch::new());
        for (step, (id, pattern)) in patterns.into_iter().enumerate() {
            match pattern.map(|text| EventPattern::parse(&text)) {
                Some(Ok(pattern)) => assert_eq!(rules.put(id, &pattern), model.insert(id, pattern).is_some()),
                Some(Err(_)) => {}
                None => assert_eq!(rules.remove(id), model.remove(&id).is_some()),
            }
            check(&rules, &model, &events[step % events.len()], &mut scratch);
        }
        for event in &events {
            check(&rules, &model, event, &mut scratch);
        }
        for id in model.into_keys() {
            assert!(rules.contains(id) && rules.remove(id) && !rules.contains(id));
        }
        assert!(rules.is_empty());
        for event in &events {
            assert_eq!(rules.matches(event.as_bytes()), Ok(vec![]));
        }
    }

    /// Few paths, so that walks end early, and alike events in a row, so that starts alone are marked.
    #[test]
    fn in_a_row_as_afresh(
        patterns in proptest::collection::vec(pattern(), 1..4),
        events in proptest::collection::vec((event(), event(), 0usize..3, 1usize..8), 1..6),
    ) {
        let (rules, mut model, mut scratch) = (RuleSet::new(), BTreeMap::new(), Scratch::new());
        for (id, pattern) in (0..).zip(patterns) {
            if let Ok(pattern) = EventPattern::parse(&pattern) {
                rules.put(id, &pattern);
                model.insert(id, pattern);
            }
        }
        for (first, second, filler, times) in &events {
            // One object of two, with much or little between them.
            let (Some(first), Some(second)) = (first.rsplit_once('}'), second.split_once('{')) else { continue };
            let comma = |text: &str| if text.trim().is_empty() || text.trim() == "{" { "" } else { "," };
            let filler = r#""nobody wants this": ["x", {"y": 1}, "ü"],"#.repeat(filler * 20);
            let tail = second.1.trim_start();
            let last = if tail.starts_with('}') { r#""z": 1"# } else { "" };
            let event = format!("{}{}{filler}{last}{tail}", first.0, comma(first.0));
            (0..*times).for_each(|_| check(&rules, &model, &event, &mut scratch));
            for bytes in [event.as_bytes(), event.get(..event.len() - 1).unwrap_or("").as_bytes(), &[event.as_bytes(), b"\xff"].concat()] {
                for _ in 0..*times {
                    let alone = rules.matches(bytes);
                    assert_eq!(rules.matches_with(bytes, &mut scratch).map(<[RuleId]>::to_vec), alone);
                }
            }
        }
    }

    /// One or two rules of one or two paths, whose keys come again in every form after all of them had a value.
    #[test]
    fn keys_that_come_again_count(
        patterns in proptest::sample::subsequence(
            vec![
                r#"{"a": ["x"]}"#, r#"{"b": {"c": ["x"]}}"#, r#"{"b": {"c": ["y"]}, "a": ["y"]}"#,
                r#"{"b": {"c": [{"anything-but": "x"}]}}"#, r#"{"a": [{"exists": false}]}"#,
            ],
            1..3,
        ),
        events in proptest::collection::vec(again_object(), 1..40),
    ) {
        let (rules, mut model, mut scratch) = (RuleSet::new(), BTreeMap::new(), Scratch::new());
        for (id, pattern) in (0..).zip(patterns) {
            let pattern = EventPattern::parse(pattern).unwrap();
            rules.put(id, &pattern);
            model.insert(id, pattern);
        }
        for event in &events {
            (0..6).for_each(|_| check(&rules, &model, event, &mut scratch));
        }
    }

    #[test]
    fn any_bytes_are_answered(
        patterns in proptest::collection::vec(pattern(), 1..8),
        bytes in proptest::collection::vec(prop_oneof![
            Just(b"{".to_vec()), Just(b"}".to_vec()), Just(b"[".to_vec()), Just(b"]".to_vec()), Just(b",".to_vec()),
            Just(b":".to_vec()), Just(b"\"a\"".to_vec()), Just(b"\"a\":".to_vec()), Just(b"\"".to_vec()), Just(b"\\".to_vec()),
            Just(b"1".to_vec()), Just(b" ".to_vec()), proptest::collection::vec(any::<u8>(), 1..3),
        ], 0..30),
    ) {
        let rules = RuleSet::new();
        let mut model = BTreeMap::new();
        for (id, pattern) in (0..).zip(patterns.iter().filter_map(|text| EventPattern::parse(text).ok())) {
            rules.put(id, &pattern);
            model.insert(id, pattern);
        }
        let mut event = b"{\"a\":".to_vec();
        event.extend(bytes.concat());
        for event in [&event, &event[5..]] {
            let together = rules.matches(event);
            for (id, pattern) in &model {
                if let Ok(matched) = pattern.matches(event) {
                    assert_eq!(together.as_ref().map(|ids| ids.contains(id)), Ok(matched), "{:?}", String::from_utf8_lossy(event));
                }
            }
        }
    }
}

/// Many ranges, prefixes and grams at one path, so that every way of looking up is in use at once.
#[test]
fn many_rules_at_one_path() {
    let (rules, mut model, mut scratch) = (RuleSet::new(), BTreeMap::new(), Scratch::new());
    let mut id = 0;
    let mut put = |pattern: String| {
        let pattern = EventPattern::parse(&pattern).unwrap();
        rules.put(id, &pattern);
        model.insert(id, pattern);
        id += 1;
    };
    for n in -60..60 {
        put(format!(r#"{{"a": [{{"numeric": [">", {n}.5, "<=", {}]}}]}}"#, n + 7));
        put(format!(r#"{{"a": [{{"numeric": ["<", {n}]}}]}}"#));
        put(format!(r#"{{"a": [{n}]}}"#));
        put(format!(r#"{{"a": [{{"prefix": "{}"}}]}}"#, "x".repeat(1 + (n + 60) as usize)));
        put(format!(r#"{{"a": [{{"suffix": "{}"}}]}}"#, "y".repeat(1 + (n + 60) as usize)));
        put(format!(r#"{{"a": [{{"wildcard": "*x{n}y*"}}]}}"#));
        put(format!(r#"{{"a": [{{"cidr": "10.{}.0.0/16"}}]}}"#, n + 60));
        put(format!(r#"{{"a": ["2001:db8::{:x}", "10.{}.1.2"]}}"#, n + 60, n + 60));
        put(format!(r#"{{"a": [{{"equals-ignore-case": "KEY{n}"}}], "b": [{{"exists": false}}]}}"#));
        put(r#"{"a": ["same"], "b": ["same"]}"#.to_owned());
    }
    for n in (-70..70).step_by(3) {
        check(&rules, &model, &format!(r#"{{"a": {n}.25}}"#), &mut scratch);
        check(
            &rules,
            &model,
            &format!(r#"{{"a": [{n}, "10.{n}.1.2", "kEy{n}", "::1", "2001:DB8:0::{:x}"]}}"#, n + 70),
            &mut scratch,
        );
        let long = "x".repeat((n + 70) as usize);
        check(
            &rules,
            &model,
            &format!(r#"{{"a": "{long}{n}y{}"}}"#, "y".repeat((n + 70) as usize)),
            &mut scratch,
        );
    }
    check(&rules, &model, r#"{"a": "same", "b": ["other", "same"]}"#, &mut scratch);
    assert_eq!(rules.matches(br#"{"a": "same", "b": "same"}"#).unwrap().len(), 120);
    for id in model.keys().copied().collect::<Vec<_>>() {
        assert!(rules.remove(id));
        model.remove(&id);
        if id % 199 == 0 {
            check(
                &rules,
                &model,
                r#"{"a": ["same", 5, "10.9.9.9", "xxxyyy", "KEY3"], "b": "same"}"#,
                &mut scratch,
            );
        }
    }
    assert!(rules.is_empty());
}

/// Readers on other threads see, at every moment, the old pattern or the new one.
#[test]
fn readers_see_old_or_new() {
    let old = EventPattern::parse(r#"{"a": ["x"], "b": ["old"]}"#).unwrap();
    let new = EventPattern::parse(r#"{"a": ["x"], "b": ["new"]}"#).unwrap();
    let rules = RuleSet::new();
    rules.put(1, &old);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut scratch = Scratch::new();
                for _ in 0..20_000 {
                    let ids =
                        rules.matches_with(br#"{"a": "x", "b": ["old", "new"]}"#, &mut scratch).unwrap();
                    assert_eq!(ids.iter().filter(|id| **id == 1).count(), 1);
                }
            });
        }
        for round in 0..2_000 {
            rules.put(1, if round % 2 == 0 { &new } else { &old });
            rules.put(2 + round % 50, &old);
            rules.remove(2 + (round + 25) % 50);
        }
    });
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let rules = RuleSet::new();
    rules.put(1, &EventPattern::parse(r#"{"a": ["x"]}"#).unwrap());
    let nested =
        |open: &str, close: &str, depth: usize| format!("{}\"x\"{}", open.repeat(depth), close.repeat(depth));
    let array = |depth| format!("{{\"a\":{}}}", nested("[", "]", depth));
    assert_eq!(rules.matches(array(999).as_bytes()), Ok(vec![1]));
    assert!(rules.matches(array(1000).as_bytes()).is_err());
    assert!(rules.matches(nested("{\"a\":", "}", 100_000).as_bytes()).is_err());
    assert!(rules.matches(format!("{{\"b\":{}}}", nested("[", "]", 100_000)).as_bytes()).is_err());
}

/// What a match costs, in values tested.
fn looks(rules: &RuleSet, event: &str) -> usize {
    LOOKS.set(0);
    rules.matches(event.as_bytes()).unwrap();
    LOOKS.get()
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    let items: Vec<String> = (0..count).map(item).collect();
    items.join(",")
}

#[test]
fn twice_the_event_is_twice_the_work() {
    let rules = RuleSet::new();
    let patterns = [
        r#"{"a": ["v0", "v1", {"prefix": "v"}]}"#,
        r#"{"a": [{"anything-but": ["q"]}], "b": {"x": [1], "y": [1]}}"#,
        r#"{"a": [{"wildcard": "*7*1*"}], "b": {"x": [{"numeric": [">", 0]}], "z": [{"exists": false}]}}"#,
        r#"{"$or": [{"a": ["v5"]}, {"b": {"x": [1, 2, 3], "y": [2]}}], "c": [true]}"#,
        r#"{"a": ["nowhere"]}"#,
    ];
    for (id, pattern) in (0..).zip(patterns) {
        rules.put(id, &EventPattern::parse(pattern).unwrap());
    }
    let event = |n: usize| {
        let values = list(n, |i| format!("\"v{i}\""));
        let objects = list(n, |i| format!("{{\"x\": {}, \"y\": {}}}", i % 2, (i + 1) % 2));
        format!("{{\"a\": [{values}], \"b\": [{objects}], \"c\": [{}]}}", list(n, |_| "false".to_owned()))
    };
    let mut before = looks(&rules, &event(100));
    assert!(before > 100);
    for n in [200, 400, 800, 1600] {
        let now = looks(&rules, &event(n));
        assert!(now <= 2 * before + 50, "{n} elements: {now} values tested, half of them: {before}");
        before = now;
    }
}

#[test]
fn more_rules_are_no_more_work() {
    let event = r#"{"source": "s", "a": ["v1", "v2"], "n": 12.5, "b": "x.v3.y"}"#;
    let work = |count: usize| {
        let rules = RuleSet::new();
        for (id, n) in (0..).zip(0..count) {
            let text = match n % 4 {
                0 => format!(r#"{{"source": ["s"], "a": ["v{n}"]}}"#),
                1 => format!(r#"{{"source": ["s"], "a": [{{"prefix": "v{n}"}}]}}"#),
                2 => format!(r#"{{"source": ["s"], "n": [{{"numeric": [">", {n}, "<=", {}]}}]}}"#, n + 1),
                _ => format!(r#"{{"source": ["s"], "b": [{{"wildcard": "*.v{n}.*"}}]}}"#),
            };
            rules.put(id, &EventPattern::parse(&text).unwrap());
        }
        looks(&rules, event)
    };
    let (few, many) = (work(100), work(5000));
    assert!(many <= few + 20, "{few} values tested with 100 rules, {many} with 5,000");
}

/// 30 rules of 900 combinations took four seconds for an event of 107 KB: each combination looked at each value.
#[test]
fn combinations_share_what_their_fields_find() {
    let rules = RuleSet::new();
    let branches = |field: &str| list(30, |n| format!("{{\"{field}\": [{{\"prefix\": \"{field}\"}}, {n}]}}"));
    let text = format!(r#"{{"l": {{"$or": [{}], "c": {{"$or": [{}]}}}}}}"#, branches("a"), branches("b"));
    let pattern = EventPattern::parse(&text).unwrap();
    assert_eq!(pattern.alternatives().len(), 900);
    rules.put(1, &pattern);
    // Elements have one or the other, so that each combination has to look for an element that has both.
    let event = |n: usize| {
        let elements = list(n, |i| if i % 2 == 0 { r#"{"a":"a"}"# } else { r#"{"c":{"b":"b"}}"# }.to_owned());
        format!("{{\"l\": [{elements}]}}")
    };
    assert!(!pattern.matches(event(500).as_bytes()).unwrap());
    assert_eq!(rules.matches(event(500).as_bytes()), Ok(vec![]));
    let work = looks(&rules, &event(500));
    assert!(work <= 60 * 500 + 900 * 16, "{work} values tested for 60 fields of 500 elements");
}

#[test]
fn a_long_list_of_texts_is_looked_up_among_other_tests() {
    let rules = RuleSet::new();
    let texts = list(40, |n| format!("\"t{n}\""));
    rules.put(1, &EventPattern::parse(&format!(r#"{{"a": [{texts}, 7, {{"prefix": "p"}}]}}"#)).unwrap());
    for (value, matches) in
        [("\"t0\"", true), ("\"t39\"", true), ("\"t40\"", false), ("7", true), ("8", false), ("\"px\"", true)]
    {
        let ids = rules.matches(format!("{{\"a\": {value}}}").as_bytes()).unwrap();
        assert_eq!(ids == [1], matches, "{value}");
    }
}

#[test]
fn what_comes_after_every_path_has_a_value_counts() {
    let patterns = [r#"{"a": ["x"]}"#, r#"{"b": ["x"]}"#, r#"{"b": {"c": ["x"]}}"#];
    let cases: [(&[usize], &str); 9] = [
        (&[0], r#"{"a": "y", "a": "x"}"#),
        (&[0], r#"{"a": "y", "z": "a", "a" : "x"}"#),
        (&[0], r#"{"a": "y", "\u0061": "x"}"#),
        (&[0], r#"{"a": ["y", "x"]}"#),
        (&[2], r#"{"b": {"c": "y"}, "b.c": "x"}"#),
        (&[2], r#"{"b": {"c": "y"}, "b": {"c": "x"}}"#),
        (&[2], r#"{"b": [{"c": "y"}, {"c": "x"}]}"#),
        // The element after an object of the array needs no key.
        (&[1, 2], r#"{"b": ["y", {"c": "y"}, "x"]}"#),
        (&[0, 1, 2], r#"{"b": ["y", {"c": "y"}], "a": "y", "b": "x"}"#),
    ];
    for (chosen, event) in cases {
        let (rules, mut scratch) = (RuleSet::new(), Scratch::new());
        let expected: Vec<RuleId> = (0..)
            .zip(patterns)
            .filter_map(|(id, text)| {
                let pattern = EventPattern::parse(text).unwrap();
                rules.put(id, &pattern);
                pattern.matches(event.as_bytes()).unwrap().then_some(id)
            })
            .collect();
        assert!(!expected.is_empty(), "{event}");
        // Other rules' paths would keep the walk going.
        for (id, _) in (0..).zip(patterns).filter(|(at, _)| !chosen.contains(at)) {
            rules.remove(id as RuleId);
        }
        assert_eq!(rules.matches_with(event.as_bytes(), &mut scratch).unwrap(), expected, "{event}");
    }
}
