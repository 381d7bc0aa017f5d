//! The interpreter, `pyodide.asm.wasm`, with our change: what its loop calls indirectly goes
//! through functions of their own.
//!
//! Chrome's optimizing compiler bets on whom an indirect call has called so far, and inlines it.
//! The interpreter's loop, by far the largest function, calls everybody from the same places, so
//! such bets are lost again and again: then it falls back to slow code, which also counts in memory
//! that all processes of a page share, until it has been compiled once more (a quarter of a second
//! of a processor, four or five times in the first seconds). Here the loop makes no indirect calls,
//! nor do functions that are inlined in it: it calls functions that do so for it, and that are too
//! large to be inlined (more than 500 bytes). All others are left alone: recursion in C would need
//! more of the browser's stack.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, Encode, Function, FunctionSection, Instruction, Module, RawSection, TypeSection,
    ValType,
};
use wasmparser::{BinaryReaderError, FuncType, FunctionBody, Operator, Parser, Payload, TypeRef};

use crate::error::{Error, Result};
use crate::progress;
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp};

/// Functions of more bytes are surely not inlined: V8's limit is 500.
const INLINED: usize = 520;
/// So many instructions that are never reached make a function too large to be inlined.
const PADDING: usize = 512;

/// Makes it, and says where it is.
pub(super) fn build(project: &Project, pyodide: &Path) -> Result<PathBuf> {
    let source = pyodide.join("pyodide.asm.wasm");
    let output = project.target("python/pyodide.asm.wasm");
    let inputs = Inputs::new()
        .value(include_str!("interpreter.rs"))
        .file(&source);
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

/// Why a module cannot be changed.
#[derive(Debug, thiserror::Error)]
enum Unexpected {
    #[error("it is no such module: {0}")]
    Unreadable(#[from] BinaryReaderError),
    #[error("it has what is not known here: {0}")]
    Unknown(#[from] reencode::Error),
    #[error("it is too large")]
    TooLarge,
    #[error("it has no function, or one of an unknown type")]
    Incomplete,
}

type Changed<T> = std::result::Result<T, Unexpected>;

/// What the loop calls, instead of which it calls a function that is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// Through the table, by a signature.
    Indirect(u32),
    /// A function that could be inlined, with the indirect calls that are in it.
    Function(u32),
}

/// What the change needs to know of a module.
struct Contents<'a> {
    types: Vec<FuncType>,
    /// The signatures of all functions, the imported ones first.
    functions: Vec<u32>,
    imported_functions: usize,
    bodies: Vec<FunctionBody<'a>>,
    /// The largest body's place.
    interpreter: usize,
    /// The functions that are added, by whom they call: the first is 0.
    added: BTreeMap<Target, u32>,
}

impl<'a> Contents<'a> {
    fn of(module: &'a [u8]) -> Changed<Self> {
        let mut contents = Self {
            types: Vec::new(),
            functions: Vec::new(),
            imported_functions: 0,
            bodies: Vec::new(),
            interpreter: 0,
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
                        if let TypeRef::Func(signature) = import?.ty {
                            contents.functions.push(signature);
                        }
                    }
                    contents.imported_functions = contents.functions.len();
                }
                Payload::FunctionSection(section) => {
                    for signature in section {
                        contents.functions.push(signature?);
                    }
                }
                Payload::CodeSectionEntry(body) => contents.bodies.push(body),
                _ => {}
            }
        }
        let sizes = contents.bodies.iter().map(|body| body.range().len());
        let largest = sizes.enumerate().max_by_key(|(_, size)| *size);
        contents.interpreter = largest.ok_or(Unexpected::Incomplete)?.0;
        let inlined = contents.inlined_with_indirect_calls()?;
        for target in targets(&contents.bodies[contents.interpreter])? {
            let goes_through = match target {
                Target::Indirect(_) => true,
                Target::Function(function) => inlined.contains(&function),
            };
            if goes_through {
                let next = number(contents.added.len())?;
                contents.added.entry(target).or_insert(next);
            }
        }
        Ok(contents)
    }

    /// The functions that are small enough to be inlined and call indirectly, or call such
    /// functions.
    fn inlined_with_indirect_calls(&self) -> Changed<BTreeSet<u32>> {
        let mut small = Vec::new();
        for (index, body) in self.bodies.iter().enumerate() {
            if body.range().len() <= INLINED {
                small.push((number(self.imported_functions + index)?, targets(body)?));
            }
        }
        let mut found = BTreeSet::new();
        loop {
            let before = found.len();
            for (function, targets) in &small {
                let calls = |target: &Target| match target {
                    Target::Indirect(_) => true,
                    Target::Function(called) => found.contains(called),
                };
                if targets.iter().any(calls) {
                    found.insert(*function);
                }
            }
            if found.len() == before {
                return Ok(found);
            }
        }
    }

    /// Whom the functions that are added call, in their order.
    fn targets(&self) -> Vec<Target> {
        let mut targets: Vec<_> = self
            .added
            .iter()
            .map(|(target, number)| (number, *target))
            .collect();
        targets.sort_unstable();
        targets.into_iter().map(|(_, target)| target).collect()
    }

    /// The loop's code with calls of the added functions.
    fn rewritten(&self, module: &[u8]) -> Changed<Vec<u8>> {
        let first = number(self.functions.len())?;
        let body = &self.bodies[self.interpreter];
        let mut operators = body.get_operators_reader()?;
        let mut code = module[body.range().start..operators.original_position()].to_vec();
        while !operators.eof() {
            let start = operators.original_position();
            match target(&operators.read()?).and_then(|target| self.added.get(&target)) {
                Some(added) => Instruction::Call(first + added).encode(&mut code),
                None => code.extend_from_slice(&module[start..operators.original_position()]),
            }
        }
        Ok(code)
    }

    /// The parameters and results of a function that calls for the loop.
    fn signature(&self, target: Target) -> Changed<(Vec<ValType>, Vec<ValType>)> {
        let (index, more) = match target {
            Target::Indirect(signature) => (Some(signature), Some(ValType::I32)),
            Target::Function(function) => (self.functions.get(function as usize).copied(), None),
        };
        let signature = index.and_then(|index| self.types.get(index as usize));
        let signature = signature.ok_or(Unexpected::Incomplete)?;
        let encoded = |types: &[wasmparser::ValType]| -> Changed<Vec<ValType>> {
            types
                .iter()
                .map(|of| Ok(RoundtripReencoder.val_type(*of)?))
                .collect()
        };
        let mut parameters = encoded(signature.params())?;
        parameters.extend(more);
        Ok((parameters, encoded(signature.results())?))
    }

    /// A function that calls for the loop.
    fn caller(&self, target: Target) -> Changed<Function> {
        let mut function = Function::new([]);
        for parameter in 0..number(self.signature(target)?.0.len())? {
            function.instruction(&Instruction::LocalGet(parameter));
        }
        function.instruction(&match target {
            Target::Indirect(type_index) => Instruction::CallIndirect {
                type_index,
                table_index: 0,
            },
            Target::Function(function) => Instruction::Call(function),
        });
        function.instruction(&Instruction::Return);
        for _ in 0..PADDING {
            function.instruction(&Instruction::Nop);
        }
        function.instruction(&Instruction::Unreachable);
        function.instruction(&Instruction::End);
        Ok(function)
    }
}

/// Whom a function calls.
fn targets(body: &FunctionBody<'_>) -> Changed<Vec<Target>> {
    let mut targets = Vec::new();
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        targets.extend(target(&operators.read()?));
    }
    Ok(targets)
}

/// Whom an instruction calls. All function pointers of C are in the first table.
fn target(operator: &Operator<'_>) -> Option<Target> {
    match operator {
        Operator::CallIndirect {
            type_index,
            table_index: 0,
        } => Some(Target::Indirect(*type_index)),
        Operator::Call { function_index } => Some(Target::Function(*function_index)),
        _ => None,
    }
}

fn number(length: usize) -> Changed<u32> {
    u32::try_from(length).map_err(|_| Unexpected::TooLarge)
}

fn changed(module: &[u8]) -> Changed<Vec<u8>> {
    let contents = Contents::of(module)?;
    let targets = contents.targets();
    let mut result = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::TypeSection(section) => {
                let mut types = TypeSection::new();
                RoundtripReencoder.parse_type_section(&mut types, section.clone())?;
                for target in &targets {
                    let (parameters, results) = contents.signature(*target)?;
                    types.ty().function(parameters, results);
                }
                result.section(&types);
            }
            Payload::FunctionSection(section) => {
                let mut functions = FunctionSection::new();
                for signature in section.clone() {
                    functions.function(signature?);
                }
                for added in 0..targets.len() {
                    functions.function(number(contents.types.len() + added)?);
                }
                result.section(&functions);
            }
            Payload::CodeSectionStart { .. } => {
                let mut code = CodeSection::new();
                for (index, body) in contents.bodies.iter().enumerate() {
                    if index == contents.interpreter {
                        code.raw(&contents.rewritten(module)?);
                    } else {
                        code.raw(body.as_bytes());
                    }
                }
                for target in &targets {
                    code.function(&contents.caller(*target)?);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use wasm_encoder::{EntityType, ImportSection, RefType, TableSection, TableType};
    use wasmparser::Validator;

    use super::*;

    const NONE: u32 = 0;
    const SOME: u32 = 1;
    /// Functions by their numbers: one is imported, so the loop's body is the first.
    const LOOP: usize = 0;
    const DIRECT: u32 = 2;
    const INDIRECT: u32 = 3;
    const NESTED: u32 = 4;
    const LARGE: u32 = 5;

    fn through(type_index: u32) -> Instruction<'static> {
        Instruction::CallIndirect {
            type_index,
            table_index: 0,
        }
    }

    /// A module whose largest function calls indirectly, by itself and in functions that could be
    /// inlined and could not.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types
            .ty()
            .function([ValType::I64, ValType::F64], [ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import("env", "imported", EntityType::Function(NONE));
        let mut functions = FunctionSection::new();
        for _ in 0..5 {
            functions.function(NONE);
        }
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 2,
            maximum: None,
            shared: false,
        });
        let mut code = CodeSection::new();
        let mut function = |nops: usize, instructions: &[Instruction<'_>]| {
            let mut function = Function::new([(1, ValType::I32)]);
            for _ in 0..nops {
                function.instruction(&Instruction::Nop);
            }
            for instruction in instructions {
                function.instruction(instruction);
            }
            code.function(&function);
        };
        function(
            2000,
            &[
                Instruction::I64Const(-1),
                Instruction::F64Const(0.5.into()),
                Instruction::I32Const(1),
                through(SOME),
                Instruction::Drop,
                Instruction::I32Const(0),
                through(NONE),
                Instruction::I32Const(0),
                through(NONE),
                Instruction::Call(0),
                Instruction::Call(DIRECT),
                Instruction::Call(INDIRECT),
                Instruction::Call(NESTED),
                Instruction::Call(LARGE),
                Instruction::End,
            ],
        );
        function(0, &[Instruction::Call(0), Instruction::End]);
        function(
            0,
            &[Instruction::I32Const(0), through(NONE), Instruction::End],
        );
        function(0, &[Instruction::Call(INDIRECT), Instruction::End]);
        function(
            1000,
            &[Instruction::I32Const(0), through(NONE), Instruction::End],
        );
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&tables)
            .section(&code);
        module.finish()
    }

    fn bodies(module: &[u8]) -> Vec<FunctionBody<'_>> {
        Contents::of(module).unwrap().bodies
    }

    #[test]
    fn the_loop_calls_indirectly_only_through_functions_that_are_added() {
        let after = changed(&module()).unwrap();
        Validator::new().validate_all(&after).unwrap();
        let bodies = bodies(&after);
        let called: Vec<_> = bodies[5..]
            .iter()
            .map(|body| targets(body).unwrap())
            .collect();
        let (none, some) = (Target::Indirect(NONE), Target::Indirect(SOME));
        let (indirect, nested) = (Target::Function(INDIRECT), Target::Function(NESTED));
        assert_eq!(called, [[some], [none], [indirect], [nested]]);
        let calls = [6, 7, 7, 0, DIRECT, 8, 9, LARGE].map(Target::Function);
        assert_eq!(targets(&bodies[LOOP]).unwrap(), calls);
    }

    #[test]
    fn other_functions_stay_as_they_are() {
        let (before, after) = (module(), changed(&module()).unwrap());
        let (before, after) = (bodies(&before), bodies(&after));
        for (before, after) in before.iter().zip(&after).skip(1) {
            assert_eq!(before.as_bytes(), after.as_bytes());
        }
    }

    #[test]
    fn the_added_functions_are_too_large_to_be_inlined() {
        let after = changed(&module()).unwrap();
        assert!(
            bodies(&after)[5..]
                .iter()
                .all(|body| body.range().len() > 500)
        );
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(changed(b"no module").is_err());
    }
}
