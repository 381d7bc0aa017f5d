//! "Did you mean": Python's `difflib.get_close_matches`, whose order of preference users of click see.

/// The at most three of `candidates` that are most like `word`, sorted by name.
pub(super) fn close_matches(word: &str, candidates: &[&'static str]) -> Vec<&'static str> {
    // Similarity is 2 * matches / total length; as a fraction it needs no floating point. The cutoff is 0.6.
    let mut scored: Vec<(usize, &'static str)> = Vec::new();
    let word: Vec<char> = word.chars().collect();
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().collect();
        let total = letters.len() + word.len();
        let doubled = 2 * matches(&letters, &word);
        if doubled * 5 >= total * 3 {
            scored.push((doubled * 1_000_000 / total.max(1), candidate));
        }
    }
    scored.sort_unstable_by(|a, b| b.cmp(a));
    scored.truncate(3);
    let mut names: Vec<&'static str> = scored.into_iter().map(|(_, name)| name).collect();
    names.sort_unstable();
    names
}

/// Characters in common: the longest common run, and the same to its left and to its right (Ratcliff and Obershelp).
fn matches(a: &[char], b: &[char]) -> usize {
    let (mut best, mut at_a, mut at_b) = (0, 0, 0);
    for i in 0..a.len() {
        for j in 0..b.len() {
            let run = a[i..].iter().zip(&b[j..]).take_while(|(x, y)| x == y).count();
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
