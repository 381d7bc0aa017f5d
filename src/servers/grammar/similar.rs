//! "Did you mean": Python's `difflib.get_close_matches`, whose order of preference users of click
//! see.

/// The at most three of `candidates` that are most like `word`, sorted by name.
pub(super) fn close_matches(
    word: &str,
    candidates: impl Iterator<Item = &'static str>,
) -> Vec<&'static str> {
    // Similarity is 2 * matches / total length; as a fraction it needs no floating point. The
    // cutoff is 0.6.
    let mut best: Vec<(usize, &'static str)> = Vec::new();
    for candidate in candidates {
        let total = candidate.len() + word.len();
        let doubled = 2 * matches(candidate.as_bytes(), word.as_bytes());
        if doubled * 5 >= total * 3 {
            let scored = (doubled * 1_000_000 / total.max(1), candidate);
            insert(&mut best, scored, |a, b| a > b);
            best.truncate(3);
        }
    }
    let mut names = Vec::new();
    for (_, name) in best {
        insert(&mut names, name, |a, b| a < b);
    }
    names
}

/// Inserts into a sorted list. For lists of three the standard library's sorts are too much wasm.
fn insert<T>(list: &mut Vec<T>, item: T, before: impl Fn(&T, &T) -> bool) {
    let at = list
        .iter()
        .position(|other| before(&item, other))
        .unwrap_or(list.len());
    list.insert(at, item);
}

/// Bytes in common: the longest common run, and the same to its left and to its right (Ratcliff and
/// Obershelp).
fn matches(a: &[u8], b: &[u8]) -> usize {
    let (mut best, mut at_a, mut at_b) = (0, 0, 0);
    for i in 0..a.len() {
        for j in 0..b.len() {
            let run = a[i..]
                .iter()
                .zip(&b[j..])
                .take_while(|(x, y)| x == y)
                .count();
            if run > best {
                (best, at_a, at_b) = (run, i, j);
            }
        }
    }
    if best == 0 {
        return 0;
    }
    best + matches(&a[..at_a], &b[..at_b]) + matches(&a[at_a + best..], &b[at_b + best..])
}
