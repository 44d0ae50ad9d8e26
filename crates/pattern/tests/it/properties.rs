//! Properties over generated patterns and events.

use pattern::explain::nearness::near_misses;
use pattern::explain::{FieldReport, explain};
use pattern::matcher::number::comparable;
use pattern::{Event, EventPattern};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use crate::dice::Dice;
use crate::naive;

/// How many pairs of pattern and event are made.
const CASES: usize = 2500;

/// `matches`, the naive matcher, `explain` and `nearness` say the same, and an edit that is offered matches.
#[test]
fn all_ways_to_match_agree() {
    let (mut matched, mut edits, mut mendable) = (0, 0, 0);
    for seed in 0..u64::try_from(CASES).unwrap() {
        let mut dice = Dice::new(seed);
        let (event, pattern) = (dice.object(3), dice.pattern(2));
        let (event_text, text) = (event.to_string(), pattern.to_string());
        let pattern = EventPattern::parse(&text).unwrap();
        let parsed = Event::parse(event_text.as_bytes()).unwrap();
        let verdict = pattern.matches_event(&parsed).unwrap();
        matched += usize::from(verdict);
        assert_eq!(verdict, naive::matches(&pattern, &event), "{text} on {event_text}");
        let explanation = explain(&pattern, &parsed).unwrap();
        assert_eq!(explanation.matched, verdict, "{text} on {event_text}");
        assert_eq!(explanation.blamed().is_empty(), verdict, "{text} on {event_text}");
        let can_be_mended = |field: &&FieldReport| {
            let has_value = field.found.iter().any(|value| !value.starts_with(['{', '[']));
            has_value && field.leaves.iter().any(|leaf| !leaf.excludes)
        };
        if !verdict && explanation.blamed().iter().all(can_be_mended) {
            mendable += 1;
            edits += usize::from(explanation.edit.is_some());
        }
        if let Some(edit) = &explanation.edit {
            // No condition that keeps events out is lost.
            for word in ["anything-but", "\"exists\":false"] {
                let count = |text: &str| text.replace(' ', "").matches(word).count();
                assert_eq!(count(&edit.pattern), count(&text), "{text} became {}", edit.pattern);
            }
            assert!(EventPattern::parse(&edit.pattern).unwrap().matches_event(&parsed).unwrap());
        }
        assert_eq!(near_misses([((), &pattern)], &parsed).unwrap()[0].1.matched, verdict);
        assert!(!explanation.to_string().is_empty());
        assert_eq!(explanation.to_json()["matched"], verdict);
    }
    // Only where many fields fail and array elements are at odds may none be found.
    assert!(edits * 100 >= mendable * 98, "{edits} edits for {mendable} failures that values can mend");
    assert!(
        (CASES / 10..CASES).contains(&matched),
        "the generator must make both: {matched} of {CASES} match"
    );
}

/// The diagnostics of a pattern that does not parse point into its text.
#[test]
fn every_refusal_points_into_the_text() {
    for seed in 0..3000 {
        let mut dice = Dice::new(seed);
        let mut text: Vec<char> = dice.pattern(2).to_string().chars().collect();
        for _ in 0..=dice.below(2) {
            let at = dice.below(text.len());
            match dice.below(3) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, *dice.pick(&['{', '}', '[', ']', '"', ',', '1', '\\', 'é', '\n'])),
                _ => text.truncate(at.max(1)),
            }
            if text.is_empty() {
                break;
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = EventPattern::parse(&text) {
            assert!(error.message.starts_with("Event pattern is not valid. Reason: "), "{error:?}");
            assert!(error.offset <= text.len() && error.line >= 1 && error.column >= 1, "{text} {error:?}");
            assert!(!error.expected.is_empty() && !error.found.is_empty(), "{text} {error:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_parsed_or_refused(pattern in ".{0,60}", event in any::<Vec<u8>>()) {
        let _ = Event::parse(&event);
        if let Ok(pattern) = EventPattern::parse(&pattern) {
            let _ = pattern.matches(&event);
        }
    }

    /// A double's own shortest text can be compared, and is that double. The standard library's text is another one
    /// only where the double lies halfway between two shortest decimals: it writes the greater, Java the even one.
    #[test]
    fn doubles_can_be_compared(value in any::<f64>()) {
        if value.is_normal() {
            let text = format!("{value:e}");
            if lies_halfway(value, &text) {
                return Ok(());
            }
            prop_assert_eq!(comparable(&text), Some(value));
            prop_assert_eq!(comparable(&format!("{value}")), Some(value));
        }
    }
}

/// Whether `value` has exactly one digit more than `text`, its shortest decimal, and that digit is a 5.
fn lies_halfway(value: f64, text: &str) -> bool {
    let digits = |text: &str| {
        let mantissa = text.split('e').next().unwrap_or(text);
        mantissa.chars().filter(char::is_ascii_digit).collect::<String>().trim_end_matches('0').to_owned()
    };
    let exact = digits(&format!("{value:.800e}"));
    exact.len() == digits(text).len() + 1 && exact.ends_with('5')
}

#[test]
fn of_two_decimals_equally_near_the_even_one_can_be_compared() {
    // 184354812697852.125 in binary.
    assert_eq!(comparable("184354812697852.12"), Some(184_354_812_697_852.12));
    assert_eq!(comparable("184354812697852.13"), None);
}
