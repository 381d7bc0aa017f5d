//! "Did you mean": Python's `difflib.get_close_matches`, whose order of preference users of click
//! see.

/// The at most three of `candidates` that are most like `word`, sorted by name.
pub(super) fn close_matches(
    word: &str,
    candidates: impl Iterator<Item = &'static str>,
) -> Vec<&'static str> {
    // Similarity is 2 * matches / total length; the cutoff is 0.6.
    let mut best: Vec<(usize, &'static str)> = candidates
        .filter_map(|candidate| {
            let total = candidate.len() + word.len();
            let doubled = 2 * matches(candidate.as_bytes(), word.as_bytes());
            (doubled * 5 >= total * 3).then(|| (doubled * 1_000_000 / total.max(1), candidate))
        })
        .collect();
    best.sort_by(|a, b| b.cmp(a));
    best.truncate(3);
    let mut names: Vec<&'static str> = best.into_iter().map(|(_, name)| name).collect();
    names.sort_unstable();
    names
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
