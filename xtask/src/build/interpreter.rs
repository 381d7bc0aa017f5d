//! The interpreter, `pyodide.asm.wasm`, with our change: its indirect calls go through functions, one for each signature.
//!
//! Chrome's optimizing compiler bets on whom an indirect call has called so far, and inlines it. The interpreter calls everybody
//! from the same places, so such bets are lost again and again: then its loop, by far the largest function, falls back to slow
//! code, which also counts in memory that all processes of a page share, until it has been compiled once more (a quarter of a second
//! of a processor, four or five times in the first seconds). A call in a function that has many callers is one that nobody
//! bets on, and a function of more than 500 bytes is not inlined.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, Encode, Function, FunctionSection, Instruction, Module, RawSection, TypeSection, ValType,
};
use wasmparser::{BinaryReaderError, FuncType, FunctionBody, Operator, Parser, Payload, TypeRef};

use crate::error::{Error, Result};
use crate::progress;
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp};

/// So many instructions that are never reached make a function too large to be inlined.
const PADDING: usize = 512;

/// Makes it, and says where it is.
pub(super) fn build(project: &Project, pyodide: &Path) -> Result<PathBuf> {
    let source = pyodide.join("pyodide.asm.wasm");
    let output = project.target("python/pyodide.asm.wasm");
    let inputs = Inputs::new().value(include_str!("interpreter.rs")).file(&source);
    let stamp = Stamp::new(project, "interpreter", &inputs);
    if !stamp.is_fresh(&[&output]) {
        progress::step("Change the interpreter's indirect calls", || {
            let module = project::read(&source)?;
            let changed = changed(&module).map_err(|error| {
                Error::Message(format!(
                    "{} cannot be changed ({error}): adapt xtask/src/build/interpreter.rs to this Pyodide.",
                    source.display()
                ))
            })?;
            project::write(&output, changed)
        })?;
        stamp.save()?;
    }
    Ok(output)
}

/// What the change needs to know of a module.
struct Contents<'a> {
    types: Vec<FuncType>,
    imported_functions: u32,
    bodies: Vec<FunctionBody<'a>>,
    /// By their signatures, the numbers of the functions that are added: the first is 0.
    added: BTreeMap<u32, u32>,
}

/// Why a module cannot be changed.
#[derive(Debug, thiserror::Error)]
enum Unexpected {
    #[error("it is no such module: {0}")]
    Unreadable(#[from] BinaryReaderError),
    #[error("it has what is not known here: {0}")]
    Unknown(#[from] reencode::Error),
    #[error("it is too large")]
    TooLarge,
}

type Changed<T> = std::result::Result<T, Unexpected>;

impl<'a> Contents<'a> {
    fn of(module: &'a [u8]) -> Changed<Self> {
        let mut contents = Self {
            types: Vec::new(),
            imported_functions: 0,
            bodies: Vec::new(),
            added: BTreeMap::new(),
        };
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section.into_iter_err_on_gc_types() {
                        contents.types.push(group?);
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let is_function = matches!(import?.ty, TypeRef::Func(_));
                        contents.imported_functions += u32::from(is_function);
                    }
                }
                Payload::CodeSectionEntry(body) => contents.bodies.push(body),
                _ => {}
            }
        }
        for body in &contents.bodies {
            let mut operators = body.get_operators_reader()?;
            while !operators.eof() {
                if let Some(signature) = indirect_call(&operators.read()?) {
                    let next = contents.added.len();
                    contents.added.entry(signature).or_insert(number(next)?);
                }
            }
        }
        Ok(contents)
    }

    /// The signatures of the functions that are added, in their order.
    fn signatures(&self) -> Vec<u32> {
        let mut signatures: Vec<_> = self
            .added
            .iter()
            .map(|(signature, number)| (number, *signature))
            .collect();
        signatures.sort_unstable();
        signatures.into_iter().map(|(_, signature)| signature).collect()
    }

    /// A function's code with calls of the added functions in the place of its indirect calls.
    fn rewritten(&self, module: &[u8], body: &FunctionBody<'_>) -> Changed<Vec<u8>> {
        let first = self.imported_functions + number(self.bodies.len())?;
        let mut operators = body.get_operators_reader()?;
        let mut code = module[body.range().start..operators.original_position()].to_vec();
        while !operators.eof() {
            let start = operators.original_position();
            match indirect_call(&operators.read()?).and_then(|signature| self.added.get(&signature)) {
                Some(added) => Instruction::Call(first + added).encode(&mut code),
                None => code.extend_from_slice(&module[start..operators.original_position()]),
            }
        }
        Ok(code)
    }
}

/// The signature of a call through the first table, which all function pointers of C are in.
fn indirect_call(operator: &Operator<'_>) -> Option<u32> {
    match operator {
        Operator::CallIndirect {
            type_index,
            table_index: 0,
        } => Some(*type_index),
        _ => None,
    }
}

fn number(length: usize) -> Changed<u32> {
    u32::try_from(length).map_err(|_| Unexpected::TooLarge)
}

fn changed(module: &[u8]) -> Changed<Vec<u8>> {
    let contents = Contents::of(module)?;
    let signatures = contents.signatures();
    let mut result = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::TypeSection(section) => {
                let mut types = TypeSection::new();
                RoundtripReencoder.parse_type_section(&mut types, section.clone())?;
                for signature in &signatures {
                    let (parameters, results) = value_types(&contents.types[*signature as usize])?;
                    types
                        .ty()
                        .function([parameters, vec![ValType::I32]].concat(), results);
                }
                result.section(&types);
            }
            Payload::FunctionSection(section) => {
                let mut functions = FunctionSection::new();
                for signature in section.clone() {
                    functions.function(signature?);
                }
                for added in 0..signatures.len() {
                    functions.function(number(contents.types.len() + added)?);
                }
                result.section(&functions);
            }
            Payload::CodeSectionStart { .. } => {
                let mut code = CodeSection::new();
                for body in &contents.bodies {
                    code.raw(&contents.rewritten(module, body)?);
                }
                for signature in &signatures {
                    code.function(&caller(*signature, &contents.types[*signature as usize])?);
                }
                result.section(&code);
            }
            Payload::CodeSectionEntry(_) => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    result.section(&RawSection {
                        id,
                        data: &module[range],
                    });
                }
            }
        }
    }
    Ok(result.finish())
}

fn value_types(signature: &FuncType) -> Changed<(Vec<ValType>, Vec<ValType>)> {
    let encoded = |types: &[wasmparser::ValType]| -> Changed<Vec<ValType>> {
        types
            .iter()
            .map(|of| Ok(RoundtripReencoder.val_type(*of)?))
            .collect()
    };
    Ok((encoded(signature.params())?, encoded(signature.results())?))
}

/// A function that calls whom its last parameter says.
fn caller(type_index: u32, signature: &FuncType) -> Changed<Function> {
    let mut function = Function::new([]);
    for parameter in 0..=number(signature.params().len())? {
        function.instruction(&Instruction::LocalGet(parameter));
    }
    function.instruction(&Instruction::CallIndirect {
        type_index,
        table_index: 0,
    });
    function.instruction(&Instruction::Return);
    for _ in 0..PADDING {
        function.instruction(&Instruction::Nop);
    }
    function.instruction(&Instruction::Unreachable);
    function.instruction(&Instruction::End);
    Ok(function)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, ExportKind, ExportSection, ImportSection, RefType, TableSection,
        TableType,
    };
    use wasmparser::Validator;

    use super::*;

    /// A module with an imported function, one that is called through the table, and two that call through it.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([ValType::I64, ValType::F64], [ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import("env", "imported", wasm_encoder::EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(1).function(0).function(0);
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 2,
            maximum: None,
            shared: false,
        });
        let mut exports = ExportSection::new();
        exports.export("first", ExportKind::Func, 2);
        exports.export("second", ExportKind::Func, 3);
        let mut elements = ElementSection::new();
        elements.active(
            None,
            &ConstExpr::i32_const(0),
            Elements::Functions(vec![0, 1].into()),
        );
        let mut code = CodeSection::new();
        let body = |instructions: &[Instruction<'_>]| {
            let mut function = Function::new([(1, ValType::I32)]);
            for instruction in instructions {
                function.instruction(instruction);
            }
            function
        };
        let through = |type_index| Instruction::CallIndirect {
            type_index,
            table_index: 0,
        };
        code.function(&body(&[Instruction::I32Const(7), Instruction::End]));
        code.function(&body(&[
            Instruction::I64Const(-1),
            Instruction::F64Const(0.5.into()),
            Instruction::I32Const(1),
            through(1),
            Instruction::Drop,
            Instruction::End,
        ]));
        code.function(&body(&[
            Instruction::I32Const(0),
            through(0),
            Instruction::I32Const(0),
            through(0),
            Instruction::End,
        ]));
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&tables)
            .section(&exports)
            .section(&elements)
            .section(&code);
        module.finish()
    }

    fn indirect_calls(module: &[u8]) -> Vec<usize> {
        let contents = Contents::of(module).unwrap();
        let count = |body: &FunctionBody<'_>| {
            let operators = body.get_operators_reader().unwrap().into_iter();
            operators
                .filter(|operator| indirect_call(operator.as_ref().unwrap()).is_some())
                .count()
        };
        contents.bodies.iter().map(count).collect()
    }

    #[test]
    fn indirect_calls_of_a_signature_are_made_in_one_function_at_the_end() {
        let before = module();
        assert_eq!(indirect_calls(&before), [0, 1, 2]);
        let after = changed(&before).unwrap();
        Validator::new().validate_all(&after).unwrap();
        assert_eq!(indirect_calls(&after), [0, 0, 0, 1, 1]);
    }

    #[test]
    fn the_added_functions_are_too_large_to_be_inlined() {
        let after = changed(&module()).unwrap();
        let contents = Contents::of(&after).unwrap();
        assert!(contents.bodies[3..].iter().all(|body| body.range().len() > 500));
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(changed(b"no module").is_err());
    }
}
