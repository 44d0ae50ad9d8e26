//! Scopes: what is in one account and region is not in another, and a folder from before there were scopes is exported.

use aws::{Ids, Scope, Timestamp};
use store::check::{check, salvage};
use store::{Commit, Error, KeyRange, OpenError, Options, Read, Store, Table};

const ITEMS: Table<String, u64> = Table::new(101, "items");
/// The neighbour in the keyspace: no range of one may reach into the other.
const NEXT: Table<String, u64> = Table::new(102, "next");

fn home() -> Scope {
    Scope::new("111111111111", "us-east-1")
}

fn open_as(dir: &tempfile::TempDir, home: Scope) -> Store {
    Store::open(dir.path(), &Options { home, ..Options::default() }).unwrap()
}

fn put(store: &Store, key: &str, value: u64) {
    let key = key.to_owned();
    let job = move |tx: &mut store::Tx<'_>| {
        tx.put(&ITEMS, &key, &value);
        tx.put(&NEXT, &key, &value);
        Ok(())
    };
    store.write(|error| error, job).wait().unwrap();
}

fn items(store: &Store) -> Vec<(String, u64)> {
    store.read(|read| read.list(&ITEMS, &KeyRange::all(), 99)).unwrap()
}

#[test]
fn each_scope_has_its_own_entries_also_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let others = [
        Scope::new("111111111111", "eu-west-1"),
        Scope::new("222222222222", "us-east-1"),
        Scope::new("222222222222", "eu-west-1"),
    ];
    {
        let store = open_as(&dir, home());
        put(&store, "a", 1);
        for (value, scope) in (2..).zip(&others) {
            let scoped = store.in_scope(scope).unwrap();
            assert_eq!(items(&scoped), vec![], "{scope} is empty");
            put(&scoped, "a", value);
        }
    }
    let store = open_as(&dir, home());
    assert_eq!(store.scopes(), [vec![home()], others.to_vec()].concat());
    assert_eq!(items(&store), vec![("a".to_owned(), 1)]);
    for (value, scope) in (2..).zip(&others) {
        let scoped = store.in_scope(scope).unwrap();
        assert_eq!(scoped.scope(), scope);
        assert_eq!(items(&scoped), vec![("a".to_owned(), value)]);
        assert_eq!(items(&scoped.in_scope(&home()).unwrap()), vec![("a".to_owned(), 1)]);
        let back = scoped.read(|read| read.list_back(&ITEMS, &KeyRange::all(), 9)).unwrap();
        assert_eq!(back, vec![("a".to_owned(), value)]);
    }
}

#[test]
fn the_home_scope_is_whatever_the_store_is_opened_with() {
    let dir = tempfile::tempdir().unwrap();
    put(&open_as(&dir, home()), "a", 1);
    let renamed = Scope::new("222222222222", "eu-west-1");
    let store = open_as(&dir, renamed.clone());
    assert_eq!(items(&store), vec![("a".to_owned(), 1)]);
    assert_eq!(store.scopes(), vec![renamed]);
}

#[test]
fn one_commit_touches_two_scopes_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_as(&dir, home());
    let other = Scope::new("222222222222", "us-east-1");
    let scoped = store.in_scope(&other).unwrap();
    let both = |keep: bool| {
        let other = other.clone();
        move |tx: &mut store::Tx<'_>| {
            let ids = Ids::from_seed(1);
            let mut commit = Commit::new(tx, Timestamp::from_unix_ms(0), &ids);
            commit.put(&ITEMS, &"a".to_owned(), &1);
            let met = commit.in_scope(&other, |tx| {
                let met = tx.get(&ITEMS, &"a".to_owned());
                tx.put(&ITEMS, &"a".to_owned(), &2);
                (met, tx.scope().clone(), tx.get(&ITEMS, &"a".to_owned()))
            });
            assert_eq!(met, Some((None, other.clone(), Some(2))));
            assert_eq!(commit.get(&ITEMS, &"a".to_owned()), Some(1));
            assert_eq!(*commit.scope(), home());
            assert_eq!(commit.in_scope(&Scope::new("3", "x"), |_| ()), None);
            if keep { Ok(()) } else { Err(Error::Stopped { cause: "refused".to_owned() }) }
        }
    };
    store.write(|error| error, both(false)).wait().unwrap_err();
    assert_eq!((items(&store), items(&scoped)), (vec![], vec![]));
    store.write(|error| error, both(true)).wait().unwrap();
    assert_eq!((items(&store), items(&scoped)), (vec![("a".to_owned(), 1)], vec![("a".to_owned(), 2)]));
    let seen = store.read(|read| read.in_scope(&other, |read| read.get(&ITEMS, &"a".to_owned()))).unwrap();
    assert_eq!(seen, Some(Some(2)));
}

/// Both jobs may share a commit, and the mirror in memory changes only after it.
#[test]
fn a_scope_that_many_ask_for_at_once_has_one_number() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_as(&dir, home());
    let scope = Scope::new("222222222222", "us-east-1");
    std::thread::scope(|threads| {
        for key in 0..8 {
            let (store, scope) = (store.clone(), scope.clone());
            threads.spawn(move || put(&store.in_scope(&scope).unwrap(), &key.to_string(), key));
        }
    });
    assert_eq!(items(&store.in_scope(&scope).unwrap()).len(), 8);
    assert_eq!(store.scopes().len(), 2);
}

/// An entry as format 1 stored it: no scope in the key, the checksum over that key.
fn unscoped(table: u8, key: &[u8], value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = [&[table], key].concat();
    let body = [&[1], value].concat();
    let sum = crc32fast::hash(&[key.as_slice(), &body].concat());
    let value = [body, sum.to_le_bytes().to_vec()].concat();
    (key, value)
}

/// A folder as format 1 left it.
fn old_folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let database = redb::Database::create(dir.path().join("store.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let keyspace: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("trunkline");
        let mut table = transaction.open_table(keyspace).unwrap();
        // postcard's varint of 65,536, 7 and 8.
        let entries = [
            unscoped(0, b"sequence\0\x01", &[0x80, 0x80, 0x04]),
            unscoped(101, b"a\0\x01", &[7]),
            unscoped(102, b"a\0\x01", &[8]),
        ];
        for (key, value) in &entries {
            table.insert(key.as_slice(), value.as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
    std::fs::write(dir.path().join("format"), "trunkline format 1\n").unwrap();
    dir
}

#[test]
fn a_folder_without_scopes_is_refused_and_exported() {
    let (old, new) = (old_folder(), tempfile::tempdir().unwrap());
    let refused = Store::open(old.path(), &Options::default()).unwrap_err();
    assert!(matches!(refused, OpenError::OlderFormat { found: 1, .. }), "{refused}");
    let report = check(old.path()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.format, report.records()), (1, 3));
    assert_eq!(salvage(old.path(), new.path()).unwrap().records(), 3);
    let store = open_as(&new, home());
    assert_eq!(items(&store), vec![("a".to_owned(), 7)]);
    assert_eq!(store.read(|read| read.list(&NEXT, &KeyRange::all(), 9)).unwrap(), vec![("a".to_owned(), 8)]);
    let number = store.write(|error: Error| error, |tx| Ok(tx.next_number())).wait().unwrap();
    assert_eq!(number, 65_536);
    // The old folder is as it was.
    assert!(check(old.path()).unwrap().is_clean());
    assert!(Store::open(old.path(), &Options::default()).is_err());
}

#[test]
fn an_old_store_whose_format_file_is_lost_is_not_taken_for_an_empty_one() {
    let old = old_folder();
    std::fs::remove_file(old.path().join("format")).unwrap();
    let refused = Store::open(old.path(), &Options::default()).unwrap_err();
    assert!(refused.to_string().contains("format 1"), "{refused}");
}

#[test]
fn a_scope_whose_name_is_lost_keeps_its_number_when_it_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = open_as(&dir, home());
        put(&store.in_scope(&Scope::new("222222222222", "us-east-1")).unwrap(), "a", 2);
    }
    let file = dir.path().join("store.redb");
    let mut bytes = std::fs::read(&file).unwrap();
    let names: Vec<usize> =
        (0..bytes.len() - 12).filter(|at| &bytes[*at..*at + 12] == b"222222222222").collect();
    for at in names {
        bytes[at] = b'x';
    }
    std::fs::write(&file, bytes).unwrap();
    let into = tempfile::tempdir().unwrap();
    salvage(dir.path(), into.path()).unwrap();
    let store = open_as(&into, home());
    let lost = Scope::new("lost", "scope-1");
    assert_eq!(store.scopes(), vec![home(), lost.clone()]);
    assert_eq!(items(&store.in_scope(&lost).unwrap()), vec![("a".to_owned(), 2)]);
    assert_eq!(items(&store.in_scope(&Scope::new("3", "x")).unwrap()), vec![]);
}
