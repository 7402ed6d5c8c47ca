//! Bytes that wait until there are enough of them for one request.

use bytes::Bytes;

/// Chunks in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Held {
    chunks: Vec<Bytes>,
    length: usize,
}

impl Held {
    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        self.length += chunk.len();
        self.chunks.push(chunk);
    }

    /// The first so many bytes, or all if there are fewer. Nothing is copied.
    pub(super) fn take(&mut self, count: usize) -> Vec<Bytes> {
        let (mut taken, mut missing) = (Vec::new(), count.min(self.length));
        self.length -= missing;
        let mut held = std::mem::take(&mut self.chunks).into_iter();
        for mut chunk in held.by_ref() {
            if chunk.len() > missing {
                taken.extend((missing > 0).then(|| chunk.split_to(missing)));
                self.chunks.push(chunk);
                break;
            }
            missing -= chunk.len();
            taken.push(chunk);
        }
        self.chunks.extend(held);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order_and_in_the_lengths_that_are_asked_for() {
        let bytes: Vec<u8> = (0..100).collect();
        for chunk in 1..20 {
            for count in 1..40 {
                let mut held = Held::default();
                bytes.chunks(chunk).for_each(|chunk| held.push(Bytes::copy_from_slice(chunk)));
                let mut out = Vec::new();
                while held.len() > 0 {
                    let (before, taken) = (held.len(), held.take(count).concat());
                    assert_eq!(taken.len(), count.min(before));
                    assert_eq!(held.len(), before - taken.len());
                    out.extend(taken);
                }
                assert_eq!(out, bytes);
                assert!(held.take(count).is_empty());
            }
        }
    }
}
