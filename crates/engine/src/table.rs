//! A table of rows that are never taken out.

use std::ops::{Index, IndexMut};

/// Rows, numbered in the order in which they came. They lie in blocks, so that a table of a million grows without being
/// copied, and without the room of its former half being left behind.
#[derive(Debug)]
pub(crate) struct Table<Row> {
    /// All full but the last.
    blocks: Vec<Vec<Row>>,
}

impl<Row> Table<Row> {
    /// Adds a row.
    pub(crate) fn push(&mut self, row: Row) {
        match self.blocks.last_mut().filter(|last| last.len() < BLOCK_ROWS) {
            Some(last) => last.push(row),
            None => {
                // The first block grows as it is needed: most tables of a test, or of a small site, stay in it.
                let room = if self.blocks.is_empty() { 0 } else { BLOCK_ROWS };
                let mut block = Vec::with_capacity(room);
                block.push(row);
                self.blocks.push(block);
            }
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK_ROWS + last.len())
    }
}

impl<Row> Default for Table<Row> {
    fn default() -> Self {
        Self { blocks: Vec::new() }
    }
}

impl<Row> Index<usize> for Table<Row> {
    type Output = Row;

    fn index(&self, place: usize) -> &Row {
        &self.blocks[place / BLOCK_ROWS][place % BLOCK_ROWS]
    }
}

impl<Row> IndexMut<usize> for Table<Row> {
    fn index_mut(&mut self, place: usize) -> &mut Row {
        &mut self.blocks[place / BLOCK_ROWS][place % BLOCK_ROWS]
    }
}

const BLOCK_ROWS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::{BLOCK_ROWS, Table};

    #[test]
    fn rows_keep_their_numbers_over_the_edges_of_blocks() {
        let mut table = Table::default();
        for row in 0..2 * BLOCK_ROWS + 1 {
            assert_eq!(table.len(), row);
            table.push(row);
        }
        table[BLOCK_ROWS] = 0;
        let rows = [0, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS].map(|place| table[place]);
        assert_eq!(rows, [0, BLOCK_ROWS - 1, 0, BLOCK_ROWS + 1, 2 * BLOCK_ROWS]);
    }
}
