//! A PDF file written as it grows: each object leaves memory at once, and only its place in the file is kept.
//!
//! Source: ISO 32000-2, 7.5 (file structure), 7.7.3 (page tree).

use std::io::{self, Write};

use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{Chunk, Filter, Ref};

/// How many pages one node of the page tree holds.
const PAGES_IN_NODE: usize = 256;

/// The file.
pub(super) struct File<W> {
    out: W,
    written: u64,
    /// Where each object begins; 0 while it has not been written.
    places: Vec<u64>,
    root: Ref,
    nodes: Vec<(Ref, usize)>,
    /// The node that pages are gathered for.
    node: Option<Ref>,
    pages: Vec<Ref>,
}

impl<W: Write> File<W> {
    /// Begins a file.
    pub(super) fn begin(out: W) -> io::Result<Self> {
        let mut file = Self {
            out,
            written: 0,
            places: Vec::new(),
            root: Ref::new(1),
            nodes: Vec::new(),
            node: None,
            pages: Vec::new(),
        };
        file.places = vec![0];
        // The second line tells programs that the file is not text.
        file.bytes(b"%PDF-1.7\n%\x80\x80\x80\x80\n\n")?;
        Ok(file)
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Returns the number of an object that will be written.
    pub(super) fn reserve(&mut self) -> Ref {
        self.places.push(0);
        number(self.places.len())
    }

    /// Writes one object.
    pub(super) fn object(&mut self, id: Ref, build: impl FnOnce(&mut Chunk)) -> io::Result<()> {
        let mut chunk = Chunk::new();
        build(&mut chunk);
        if let Some(place) = usize::try_from(id.get() - 1).ok().and_then(|at| self.places.get_mut(at)) {
            *place = self.written;
        }
        self.bytes(chunk.as_bytes())
    }

    /// Writes a stream, packed.
    pub(super) fn stream(&mut self, id: Ref, data: &[u8]) -> io::Result<()> {
        let packed = packed(data)?;
        self.object(id, |chunk| {
            chunk.stream(id, &packed).filter(Filter::FlateDecode);
        })
    }

    /// Writes a page, which comes after all pages before it.
    pub(super) fn page(&mut self, build: impl FnOnce(&mut pdf_writer::writers::Page<'_>)) -> io::Result<()> {
        let parent = match self.node {
            Some(node) => node,
            None => self.reserve(),
        };
        self.node = Some(parent);
        let id = self.reserve();
        self.object(id, |chunk| {
            let mut page = chunk.page(id);
            page.parent(parent);
            build(&mut page);
        })?;
        self.pages.push(id);
        if self.pages.len() == PAGES_IN_NODE {
            self.node_end()?;
        }
        Ok(())
    }

    fn node_end(&mut self) -> io::Result<()> {
        let Some(id) = self.node.take() else { return Ok(()) };
        let (pages, root) = (std::mem::take(&mut self.pages), self.root);
        self.nodes.push((id, pages.len()));
        self.object(id, |chunk| {
            chunk.pages(id).parent(root).count(count(pages.len())).kids(pages);
        })
    }

    /// Writes what is left; `catalog` fills in the root of the document, `info` what it is called.
    pub(super) fn end(
        mut self,
        catalog: impl FnOnce(&mut pdf_writer::writers::Catalog<'_>),
        info: impl FnOnce(&mut pdf_writer::writers::DocumentInfo<'_>),
    ) -> io::Result<()> {
        self.node_end()?;
        let (root, nodes) = (self.root, std::mem::take(&mut self.nodes));
        self.object(root, |chunk| {
            let all = nodes.iter().map(|(_, pages)| pages).sum();
            chunk.pages(root).count(count(all)).kids(nodes.iter().map(|(id, _)| *id));
        })?;
        let (catalog_id, info_id) = (self.reserve(), self.reserve());
        self.object(catalog_id, |chunk| {
            let mut written = chunk.indirect(catalog_id).start::<pdf_writer::writers::Catalog<'_>>();
            written.pages(root);
            catalog(&mut written);
        })?;
        self.object(info_id, |chunk| info(&mut chunk.indirect(info_id).start()))?;
        let start = self.written;
        let size = self.places.len() + 1;
        let mut table = format!("xref\n0 {size}\n0000000000 65535 f\r\n");
        for place in &self.places {
            table.push_str(&format!("{place:010} 00000 n\r\n"));
        }
        table.push_str(&format!(
            "trailer\n<</Size {size}/Root {} 0 R/Info {} 0 R>>\nstartxref\n{start}\n%%EOF\n",
            catalog_id.get(),
            info_id.get()
        ));
        self.bytes(table.as_bytes())?;
        self.out.flush()
    }
}

/// Returns the data as a stream of `FlateDecode` holds them.
pub(super) fn packed(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(data.len() / 2), Compression::default());
    encoder.write_all(data)?;
    encoder.finish()
}

fn number(place: usize) -> Ref {
    Ref::new(i32::try_from(place).unwrap_or(i32::MAX))
}

fn count(pages: usize) -> i32 {
    i32::try_from(pages).unwrap_or(i32::MAX)
}
