//! A tree that is only counted: what html5ever would build, without the building.
//!
//! It gives the parser the same answers as ammonia's own tree, so that both see the same tree. It
//! decides nothing.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode};
use html5ever::tendril::StrTendril;
use html5ever::tree_builder::TreeSink;
use html5ever::{Attribute, ExpandedName, ParseOpts, Parser, QualName, local_name, ns, parse_fragment};

/// The counts of one tree.
#[derive(Default)]
pub(super) struct Census {
    /// Nodes made: elements, texts, comments.
    pub(super) nodes: Cell<usize>,
    /// The deepest element, the fragment's root not counted.
    pub(super) depth_max: Cell<usize>,
    /// The depths of all elements added up.
    pub(super) depth_sum: Cell<usize>,
    /// Nodes put in front of another or taken out of the tree.
    pub(super) moved: Cell<usize>,
    document: Handle,
    /// Every element made, with its attributes.
    #[cfg(any(test, feature = "fuzz"))]
    pub(super) elements: std::cell::RefCell<Vec<(QualName, Vec<Attribute>)>>,
}

/// A node: what the parser asks about it, and how deep it is.
#[derive(Clone, Default)]
pub(super) struct Handle(Rc<Node>);

#[derive(Default)]
struct Node {
    name: Option<QualName>,
    depth: Cell<usize>,
    is_integration_point: bool,
    template_contents: Option<Handle>,
}

/// The parser as ammonia sets it up: a fragment inside a `<div>`.
pub(super) fn parser() -> Parser<Census> {
    let context = QualName::new(None, ns!(html), local_name!("div"));
    parse_fragment(Census::default(), ParseOpts::default(), context, Vec::new(), false)
}

fn count(cell: &Cell<usize>) {
    cell.set(cell.get().saturating_add(1));
}

impl Census {
    fn node(&self, node: Node) -> Handle {
        count(&self.nodes);
        Handle(Rc::new(node))
    }

    fn place(&self, child: NodeOrText<Handle>, depth: usize) {
        match child {
            NodeOrText::AppendNode(node) => {
                node.0.depth.set(depth);
                if node.0.name.is_some() {
                    // The document and the fragment's <html> are two levels that are not in the text.
                    let depth = depth.saturating_sub(1);
                    self.depth_max.set(self.depth_max.get().max(depth));
                    self.depth_sum.set(self.depth_sum.get().saturating_add(depth));
                }
            }
            NodeOrText::AppendText(_) => count(&self.nodes),
        }
    }
}

impl TreeSink for Census {
    type Handle = Handle;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        self.document.clone()
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        // The parser asks for names of elements only; they are made with one below.
        target.0.name.as_ref().expect("only elements are asked for their name").expanded()
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        #[cfg(any(test, feature = "fuzz"))]
        self.elements.borrow_mut().push((name.clone(), attributes));
        #[cfg(not(any(test, feature = "fuzz")))]
        drop(attributes);
        self.node(Node {
            name: Some(name),
            depth: Cell::new(0),
            is_integration_point: flags.mathml_annotation_xml_integration_point,
            template_contents: flags.template.then(Handle::default),
        })
    }

    fn create_comment(&self, _text: StrTendril) -> Handle {
        self.node(Node::default())
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> Handle {
        self.node(Node::default())
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.place(child, parent.0.depth.get() + 1);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        // In front of the table if it is in the tree, else into what was open before it.
        count(&self.moved);
        self.place(child, element.0.depth.get().max(previous.0.depth.get() + 1));
    }

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        count(&self.moved);
        self.place(child, sibling.0.depth.get());
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public: StrTendril, _system: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        let contents = target.0.template_contents.clone().unwrap_or_default();
        contents.0.depth.set(target.0.depth.get());
        contents
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        Rc::ptr_eq(&x.0, &y.0)
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn add_attrs_if_missing(&self, _target: &Handle, _attributes: Vec<Attribute>) {}

    fn remove_from_parent(&self, _target: &Handle) {
        count(&self.moved);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        // The children keep their old depth; what comes next belongs to the new parent.
        count(&self.moved);
        let depth = new_parent.0.depth.get().max(node.0.depth.get());
        new_parent.0.depth.set(depth);
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        handle.0.is_integration_point
    }
}
