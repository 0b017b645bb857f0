import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Built, sdist, wheel } from '../../kit/python-package.ts';
import type { Workspace } from '../client.ts';
import { noise } from '../noise.ts';
import { succeeded } from '../outcome.ts';
import type { Installer, PythonUser } from './python-client.ts';

/** A package of the tests: its name, its requirements and its files. */
export interface PythonPackage {
  readonly name: string;
  readonly version: string;
  /** Its module, whose files are `contents`, by path. */
  readonly module: string;
  readonly contents: Readonly<Record<string, string | Uint8Array>>;
  readonly dependencies: readonly string[];
  /** The requirements of its extra `chain`. */
  readonly chain: readonly string[];
  readonly requiresPython: string;
}

/** Options of a package of the tests. */
export interface PackageFacts {
  readonly name: string;
  readonly version?: string;
  readonly dependencies?: readonly string[];
  readonly chain?: readonly string[];
  readonly requiresPython?: string;
  /** Bytes of its data file, which can't be compressed. */
  readonly size?: number;
}

/** Makes a package. */
export function pythonPackage(facts: PackageFacts): PythonPackage {
  const {
    name,
    version = '1.0.0',
    dependencies = [],
    chain = [],
    requiresPython = '>=3.9',
    size = 50_000,
  } = facts;
  const module = name.toLowerCase().replaceAll(/[-_.]+/g, '_');
  return {
    name,
    version,
    module,
    dependencies,
    chain,
    requiresPython,
    contents: {
      [`${module}/__init__.py`]: `"""Größer als ASCII, ✓."""\n\nVERSION = '${version}'\n\n\ndef main():\n    print('${name}', VERSION)\n`,
      [`${module}/deep/er/text.txt`]: 'A line of text that is easy to compress.\n'.repeat(2_000),
      [`${module}/data/noise.bin`]: noise(size),
    },
  };
}

/** The fields of its metadata beside name and version. */
function metadataOf({
  dependencies,
  chain,
  requiresPython,
}: PythonPackage): Readonly<Record<string, string | readonly string[]>> {
  return {
    Summary: 'A package of the tests',
    'Requires-Python': requiresPython,
    'Requires-Dist': [...dependencies, ...chain.map((each) => `${each}; extra == "chain"`)],
    'Provides-Extra': 'chain',
    'Description-Content-Type': 'text/markdown',
  };
}

/** The package as a wheel with a command, written directly because builds take seconds. */
export function asWheel(pkg: PythonPackage, tag = 'py3-none-any'): Built {
  const { name, version, module, contents } = pkg;
  const files = {
    [`${module}/__init__.py`]: undefined,
    ...contents,
    [`${module}-${version}.dist-info/entry_points.txt`]: `[console_scripts]\n${name} = ${module}:main\n`,
  };
  return wheel({
    name,
    version,
    tag,
    metadata: metadataOf(pkg),
    description: `# ${name}\n\nÄ text.\n`,
    files,
  });
}

/** The package as a source distribution that contains its own build back end. */
export function asSdist(pkg: PythonPackage): Promise<Built> {
  const { name, version, module, contents } = pkg;
  const top = `${module}-${version}`;
  const files = {
    [`${top}/src/${module}.py`]: undefined,
    [`${top}/pyproject.toml`]:
      '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    [`${top}/backend.py`]: BACKEND,
    ...Object.fromEntries(Object.entries(contents).map(([path, content]) => [`${top}/src/${path}`, content])),
  };
  return sdist({ name, version, metadata: metadataOf(pkg), files });
}

/** A minimal build back end (PEP 517): puts `src` and PKG-INFO into a wheel. */
const BACKEND = `import email, pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    metadata = pathlib.Path('PKG-INFO').read_text(encoding='utf-8')
    facts = email.message_from_string(metadata)
    stem = facts['Name'].lower().replace('-', '_').replace('.', '_') + '-' + facts['Version']
    files = {str(path.relative_to('src')): path.read_bytes() for path in pathlib.Path('src').rglob('*') if path.is_file()}
    info = stem + '.dist-info/'
    files[info + 'METADATA'] = metadata.encode()
    files[info + 'WHEEL'] = b'Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n'
    files[info + 'RECORD'] = ''.join(name + ',,\\n' for name in [*files, info + 'RECORD']).encode()
    with zipfile.ZipFile(pathlib.Path(wheel_directory, stem + '-py3-none-any.whl'), 'w') as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stem + '-py3-none-any.whl'
`;

/** Writes distributions into a folder of the home; returns their paths. */
export async function writeDistributions(space: Workspace, ...built: readonly Built[]): Promise<string[]> {
  return Promise.all(built.map(({ fileName, bytes }) => space.write(`made/${fileName}`, bytes, 'home')));
}

/** Installed packages by name: their versions, and the SHA-256 of each file of their modules. */
export type Installed = Readonly<
  Record<string, { readonly version: string; readonly files: Readonly<Record<string, string>> }>
>;

/** What `installed` must return once packages are installed. */
export function expected(...packages: readonly PythonPackage[]): Installed {
  return Object.fromEntries(
    packages.map(({ name, version, contents }) => [
      name,
      {
        version,
        files: Object.fromEntries(
          Object.entries(contents).map(([path, content]) => [
            path,
            createHash('sha256').update(content).digest('hex'),
          ]),
        ),
      },
    ]),
  );
}

const ASK = `
import hashlib, importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        there = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        continue
    module = name.lower().replace('-', '_').replace('.', '_') + '/'
    files = [path for path in there.files if str(path).startswith(module) and path.suffix != '.pyc']
    found[name] = {
        'version': there.version,
        'files': {str(path): hashlib.sha256(path.locate().read_bytes()).hexdigest() for path in files},
    }
print(json.dumps(found))
`;

/** Reads which of some packages a client has installed. */
export async function installed(
  user: PythonUser,
  client: Installer,
  ...packages: readonly PythonPackage[]
): Promise<Installed> {
  const { command, env } = client.python(user.space.project);
  const names = packages.map(({ name }) => name);
  const { stdout } = await succeeded(user.run([...command, '-c', ASK, ...names], env));
  return JSON.parse(stdout);
}

/** Writes a package as a project of its own, with the `pyproject.toml` of a build back end; returns its folder. */
export async function writeProject(space: Workspace, pkg: PythonPackage, backEnd: string): Promise<string> {
  const { name, version, module, contents, dependencies, chain } = pkg;
  const folder = `sources/${module}`;
  const pyproject = `[project]
name = "${name}"
version = "${version}"
description = "A <package> of the tests & more"
readme = "README.md"
requires-python = ">=3.9,<4"
dependencies = ${JSON.stringify(dependencies)}

[project.optional-dependencies]
chain = ${JSON.stringify(chain)}

[project.scripts]
"${name}" = "${module}:main"

${backEnd}`;
  await space.write(`${folder}/pyproject.toml`, pyproject, 'home');
  await space.write(`${folder}/README.md`, `# ${name}\n\nGrößer als ASCII, ✓.\n`, 'home');
  for (const [path, content] of Object.entries(contents)) {
    await space.write(`${folder}/src/${path}`, content, 'home');
  }
  return join(space.home, folder);
}
