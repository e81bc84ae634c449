// From a handler string such as `src/app.handlers.main` to the function it names.
// Source of the rules: aws-lambda-nodejs-runtime-interface-client, src/UserFunction.js.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { RuntimeError } from './errors.mjs';

const EXPRESSION = /^([^.]*)\.(.*)$/;

export async function loadHandler(root, handler) {
  if (handler.includes('..')) {
    throw new RuntimeError(
      'Runtime.MalformedHandlerName',
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const file = path.basename(handler);
  const folder = handler.substring(0, handler.indexOf(file));
  const match = file.match(EXPRESSION);
  if (!match || match.length !== 3) {
    throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  }
  const [, moduleName, exported] = match;
  const module = await loadModule(path.resolve(root, folder), moduleName);
  const found = resolve(module, exported) ?? resolve(module.default, exported);
  if (found === undefined || found === null) {
    throw new RuntimeError(
      'Runtime.HandlerNotFound',
      `${handler} is undefined or not exported`,
    );
  }
  if (typeof found !== 'function') {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handler} is not a function`);
  }
  return found;
}

function resolve(object, nested) {
  return nested.split('.').reduce((value, key) => value?.[key], object ?? undefined);
}

async function loadModule(folder, name) {
  const base = path.resolve(folder, name);
  const require = createRequire(path.join(folder, 'noop.js'));
  try {
    if (existsSync(base) && path.extname(base) === '') {
      const plain = tryRequire(require, base);
      if (plain) return plain.module;
    }
    if (existsSync(`${base}.js`)) {
      return isModuleFolder(folder) ? await load(`${base}.js`) : await requireOrImport(require, `${base}.js`);
    }
    if (existsSync(`${base}.mjs`)) return await load(`${base}.mjs`);
    if (existsSync(`${base}.cjs`)) return require(`${base}.cjs`);
    // Not a file: perhaps a package in node_modules, or nothing at all.
    return require(existsSync(base) ? base : require.resolve(name, { paths: [folder] }));
  } catch (error) {
    throw asRuntimeError(error, name);
  }
}

async function requireOrImport(require, file) {
  try {
    return require(file);
  } catch (error) {
    if (error?.code === 'ERR_REQUIRE_ESM' || error?.code === 'ERR_REQUIRE_ASYNC_MODULE') {
      return await load(file);
    }
    throw error;
  }
}

function tryRequire(require, file) {
  try {
    return { module: require(file) };
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function load(file) {
  return import(pathToFileURL(file).href);
}

// Whether the nearest package.json says that .js files are ES modules.
function isModuleFolder(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    const description = path.join(at, 'package.json');
    if (existsSync(description)) {
      try {
        return JSON.parse(readFileSync(description, 'utf8')).type === 'module';
      } catch {
        return false;
      }
    }
    if (at === path.dirname(at)) return false;
  }
}

function asRuntimeError(error, name) {
  if (error instanceof SyntaxError) {
    return renamed('Runtime.UserCodeSyntaxError', error);
  }
  if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
    return renamed('Runtime.ImportModuleError', error);
  }
  return error;
}

function renamed(type, error) {
  const message = `${error.name}: ${error.message}`.replace(/\n- [^\n]*noop\.js/g, '');
  const made = new RuntimeError(type, message);
  const frames = String(error.stack).split('\n').filter((line) => /^\s+at /.test(line));
  made.stack = [`${type}: ${message}`, ...frames].join('\n');
  return made;
}
