//! The rings, in a store that is closed and opened again.

use std::path::Path;

use store::{Options, Store};

use crate::series::kept::{Kind, Sample, Series, Span, Stretch, catch_up, keep, overlay, read};

fn open(folder: &Path) -> Store {
    Store::open(folder, &Options::default()).unwrap()
}

fn sample(name: &str, kind: Kind, value: u64) -> Sample {
    Sample { name: name.to_owned(), kind, value }
}

fn kept(store: &Store, minute: u64, samples: Vec<Sample>) {
    let job = store.write(
        |error| error,
        move |tx| {
            keep(tx, minute, &samples);
            Ok(())
        },
    );
    job.wait().unwrap();
}

fn shown(store: &Store, stretch: Stretch, prefix: &str) -> Vec<Series> {
    store.read(|snapshot| read(snapshot, stretch, &[prefix.to_owned()])).unwrap()
}

#[test]
fn minutes_and_their_hour_are_there_after_a_restart_and_what_nobody_counted_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for minute in [600, 601, 603] {
        kept(&store, minute, vec![sample("events", Kind::Count, 2), sample("depth", Kind::Level, minute)]);
    }
    drop(store);
    let store = open(folder.path());
    let minutes = Stretch { span: Span::Minute, until: 604, rows: 5 };
    let events = shown(&store, minutes, "events");
    assert_eq!(events[0].values, [Some(2), Some(2), None, Some(2), None]);
    // The hour is folded with the first minute after it, or by the next start.
    let hours = Stretch { span: Span::Hour, until: 10, rows: 1 };
    assert_eq!(shown(&store, hours, "events")[0].values, [None]);
    store
        .write(
            |error: store::Error| error,
            |tx| {
                catch_up(tx, 660);
                Ok(())
            },
        )
        .wait()
        .unwrap();
    assert_eq!(shown(&store, hours, "events")[0].values, [Some(6)]);
    assert_eq!(shown(&store, hours, "depth")[0].values, [Some(603)]);
}

#[test]
fn a_ring_comes_round_and_series_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    kept(&store, 10, vec![sample("a", Kind::Count, 1)]);
    kept(&store, 10 + Span::Minute.kept(), vec![sample("a", Kind::Count, 7)]);
    let at = |until| Stretch { span: Span::Minute, until, rows: 1 };
    assert_eq!(shown(&store, at(10), "a")[0].values, [None]);
    assert_eq!(shown(&store, at(10 + Span::Minute.kept()), "a")[0].values, [Some(7)]);
    let many = |from: u64| (from..from + 1_500).map(|n| sample(&format!("s{n}"), Kind::Level, 1)).collect();
    kept(&store, 2_000, many(0));
    kept(&store, 2_001, many(1_500));
    assert_eq!(shown(&store, at(2_001), "s").len(), 1_999);
    // 32 days later nothing has the numbers of the first any more.
    let later = 2_001 + 32 * 24 * 60;
    kept(&store, later, vec![sample("new", Kind::Level, 3)]);
    assert_eq!(shown(&store, at(later), "new")[0].values, [Some(3)]);
    assert_eq!(
        shown(&store, at(later), "s").len(),
        1_998 + usize::from(shown(&store, at(later), "a").is_empty())
    );
}

#[test]
fn what_is_not_stored_yet_stands_at_its_minute() {
    let mut found = Vec::new();
    let stretch = Stretch { span: Span::Minute, until: 9, rows: 3 };
    for minute in [5, 8, 10] {
        overlay(&mut found, stretch, (minute, sample("a", Kind::Count, minute)));
    }
    assert_eq!(
        found,
        [Series { name: "a".to_owned(), kind: Kind::Count, values: vec![None, Some(8), None] }]
    );
}
