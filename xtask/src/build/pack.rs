//! The pack format (docs/architecture.md): many files in one, read in place.
//!
//! A 4-byte little-endian length, so many bytes of a JSON index `[[path, offset, length], …]`, and
//! from the next multiple of 16 the files, each from a multiple of 16.

use serde_json::{Value, json};

/// Files in a pack start at multiples of so many bytes.
const ALIGNMENT: usize = 16;

/// The files of a pack: their paths and contents.
pub type Files<'a> = Vec<(String, &'a [u8])>;

/// The files in `pack`, or nothing if it is not a pack.
pub fn read(pack: &[u8]) -> Option<Files<'_>> {
    let length = u32::from_le_bytes(*pack.first_chunk::<4>()?) as usize;
    let end = length.checked_add(4)?;
    let index: Value = serde_json::from_slice(pack.get(4..end)?).ok()?;
    let bytes = pack.get(end.next_multiple_of(ALIGNMENT)..)?;
    index
        .as_array()?
        .iter()
        .map(|entry| file(entry, bytes))
        .collect()
}

fn file<'a>(entry: &Value, bytes: &'a [u8]) -> Option<(String, &'a [u8])> {
    let path = entry.get(0)?.as_str()?.to_owned();
    let start = usize::try_from(entry.get(1)?.as_u64()?).ok()?;
    let length = usize::try_from(entry.get(2)?.as_u64()?).ok()?;
    Some((path, bytes.get(start..start.checked_add(length)?)?))
}

/// A pack of `files`: first those whose path has one of the parts in `first`, in their order, then
/// the others; sorted by path.
pub fn write(mut files: Files<'_>, first: &[&str]) -> Vec<u8> {
    let rank = |path: &str| first.iter().position(|part| path.contains(part));
    files.sort_by_cached_key(|(path, _)| (rank(path).unwrap_or(first.len()), path.clone()));
    let mut offset = 0;
    let mut index = Vec::new();
    for (path, contents) in &files {
        index.push(json!([path, offset, contents.len()]));
        offset += contents.len().next_multiple_of(ALIGNMENT);
    }
    let index = Value::Array(index).to_string();
    let mut pack = (index.len() as u32).to_le_bytes().to_vec();
    pack.extend_from_slice(index.as_bytes());
    pad(&mut pack);
    for (_, contents) in files {
        pack.extend_from_slice(contents);
        pad(&mut pack);
    }
    pack
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_packed_is_read_back_in_order() {
        let pack = write(
            vec![
                ("b/é.py".into(), b"0123456789abcdef0"),
                ("a.py".into(), b""),
            ],
            &[],
        );
        assert_eq!(
            read(&pack).unwrap(),
            vec![
                ("a.py".to_owned(), b"".as_slice()),
                ("b/é.py".to_owned(), b"0123456789abcdef0")
            ]
        );
    }

    #[test]
    fn what_every_process_reads_can_come_first() {
        let files = ["a/x", "b/y", "c/z", "b/a"].map(|path| (path.to_owned(), b"".as_slice()));
        let pack = write(files.to_vec(), &["c/", "b/"]);
        let paths: Vec<_> = read(&pack)
            .unwrap()
            .into_iter()
            .map(|file| file.0)
            .collect();
        assert_eq!(paths, ["c/z", "b/a", "b/y", "a/x"]);
    }

    #[test]
    fn files_start_at_multiples_of_sixteen() {
        let pack = write(vec![("a".into(), b"x"), ("b".into(), b"y")], &[]);
        assert_eq!(pack.len() % ALIGNMENT, 0);
        let position = pack.iter().rposition(|&byte| byte == b'y').unwrap();
        assert_eq!(position % ALIGNMENT, 0);
    }

    #[test]
    fn a_pack_that_is_cut_off_is_no_pack() {
        let pack = write(vec![("a".into(), b"contents")], &[]);
        for length in 0..pack.len() - ALIGNMENT {
            assert_eq!(read(&pack[..length]), None);
        }
    }
}
