// Prints the public names of the package as JSON, for `cargo xtask api`, which compares them with Rust's.
//
// Interfaces and unions are classes there: a member of a union has it among its bases, and one without a name is called by its tag, as in
// `Login.complete`. Words of a union are its members. What the language calls by itself is none.
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

const HOME = fileURLToPath(new URL('../../', import.meta.url));
const LIB = `${HOME}lib/`;
const ENTRIES = { '': 'index.ts', 'testing.': 'testing.ts' };
const BY_ITSELF = new Set(['constructor', 'prototype', 'next', 'return', 'throw', 'toString', 'toJSON']);

const config = ts.getParsedCommandLineOfConfigFile(`${HOME}tsconfig.json`, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} });
const program = ts.createProgram(
  Object.values(ENTRIES).map((file) => LIB + file),
  config.options,
);
const checker = program.getTypeChecker();

function names() {
  const found = { classes: {}, functions: {}, constants: [] };
  for (const [prefix, file] of Object.entries(ENTRIES)) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(LIB + file));
    for (const symbol of checker.getExportsOfModule(module)) {
      take(prefix + symbol.name, symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol, found);
    }
  }
  return found;
}

function take(name, symbol, { classes, functions, constants }) {
  const [node] = symbol.declarations;
  if (isInternal(node)) return;
  const about = (type) => (classes[type] ??= { bases: [], members: {}, parameters: [] });
  if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) {
    const { bases, ...rest } = described(symbol, node);
    Object.assign(about(name), { ...rest, bases: [...about(name).bases, ...bases] });
  } else if (ts.isTypeAliasDeclaration(node)) {
    alias(name, node.type, about);
  } else if (ts.isFunctionDeclaration(node)) {
    functions[name] = parameters(node);
  } else {
    constants.push(name);
  }
}

function described(symbol, node) {
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const statics = ts.isClassDeclaration(node) ? checker.getTypeOfSymbol(symbol).getProperties() : [];
  const members = membersOf([...type.getProperties(), ...statics]);
  const constructor = node.members.find((it) => ts.isConstructorDeclaration(it) && !isInternal(it) && !isPrivate(it));
  const told = constructor ? parameters(constructor) : [];
  return { bases: basesOf(node), members, parameters: ts.isInterfaceDeclaration(node) ? Object.keys(members) : told };
}

function alias(name, node, about) {
  const parts = ts.isUnionTypeNode(node) ? node.types : [node];
  const isNamed = parts.length > 1 && parts.every((part) => ts.isTypeReferenceNode(part) && isOurType(part));
  about(name).members = isNamed ? membersOf(checker.getTypeFromTypeNode(node).getProperties(), name) : {};
  for (const part of parts) {
    const type = checker.getTypeFromTypeNode(part);
    if (type.isStringLiteral()) {
      about(name).members[type.value] = { made_in: name, parameters: null };
    } else if (isNamed) {
      about(part.typeName.text).bases.push(name);
    } else if (parts.length === 1 || ts.isTypeLiteralNode(part)) {
      const properties = type.getProperties();
      const [tag] = properties.map(tagOf).filter((it) => it !== undefined);
      const full = tag === undefined ? name : `${name}.${tag}`;
      const members = membersOf(properties, full);
      Object.assign(about(full), { members, parameters: Object.keys(members) });
    }
  }
}

/** Neither a word of the language, nor what stands in place of a type. */
function isOurType(node) {
  const { symbol } = checker.getTypeFromTypeNode(node);
  return symbol !== undefined && (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class)) !== 0 && isOurs(symbol);
}

/** All of ours that it extends or implements. */
function basesOf(node) {
  const named = (node.heritageClauses ?? []).flatMap((clause) => clause.types.map((it) => checker.getTypeFromTypeNode(it).symbol));
  return named.filter((it) => it && isOurs(it)).flatMap((it) => [it.name, ...basesOf(it.declarations[0])]);
}

/** Each with what has it, and its parameters if it is called. */
function membersOf(properties, owner) {
  const wanted = properties.filter((it) => isOurs(it) && isWritten(it.name) && tagOf(it) === undefined);
  return Object.fromEntries(
    wanted.map((property) => {
      const [node] = property.declarations;
      const made_in = owner ?? node.parent.name.text;
      const isMethod = ts.isMethodDeclaration(node) || ts.isMethodSignature(node);
      return [property.name, { made_in, parameters: isMethod ? parameters(node) : null }];
    }),
  );
}

/** Symbols begin with two of these. */
function isWritten(name) {
  return !name.startsWith('__') && !BY_ITSELF.has(name);
}

/** What a member says that only tells its type among others; of a whole union that is several words. */
function tagOf(property) {
  const type = checker.getTypeOfSymbol(property);
  const isTag = type.isStringLiteral() || (type.isUnion() && property.declarations.length > 1 && type.types.every((it) => it.isStringLiteral()));
  return isTag ? (type.value ?? '') : undefined;
}

/** Options of a type without a name count each for itself; those of an interface are its members. */
function parameters(called) {
  return called.parameters.flatMap((parameter) => {
    const literals = ts.isIdentifier(parameter.name) || parameter.type ? literalsIn(parameter.type) : [];
    if (literals.length > 0) return literals.flatMap((literal) => literal.members.map((member) => member.name.text));
    return ts.isIdentifier(parameter.name) ? [parameter.name.text] : [];
  });
}

function literalsIn(node) {
  if (node === undefined) return [];
  if (ts.isTypeLiteralNode(node)) return [node];
  return ts.isIntersectionTypeNode(node) ? node.types.flatMap(literalsIn) : [];
}

function isOurs(symbol) {
  const [node] = symbol.declarations ?? [];
  return node !== undefined && node.getSourceFile().fileName.startsWith(LIB) && !isInternal(node) && !isPrivate(node);
}

function isPrivate(node) {
  return (node.name && ts.isPrivateIdentifier(node.name)) || node.modifiers?.some((it) => it.kind === ts.SyntaxKind.PrivateKeyword);
}

function isInternal(node) {
  return ts.getJSDocTags(node).some((tag) => tag.tagName.text === 'internal');
}

console.log(JSON.stringify(names(), undefined, 1));
