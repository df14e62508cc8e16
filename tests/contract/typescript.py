"""TypeScript types of the three services, made by openapi-typescript and judged by tsc --strict.

python -m tests.contract.typescript build/types     (needs node and npm; `make types`)
"""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from cli.listeners import SERVICES

PACKAGES = {"openapi-typescript": "7.13.0", "openapi-fetch": "0.14.1", "typescript": "5.9.3"}
COMPILER = {
    "strict": True,
    "noEmit": True,
    "noUncheckedIndexedAccess": True,
    "exactOptionalPropertyTypes": True,
    "target": "es2022",
    "module": "nodenext",
    "moduleResolution": "nodenext",
    "types": [],
    "lib": ["es2022", "dom"],
}
CLIENT = """\
// A frontend's first steps, typed: a list, a run with its totals, money as text.
import createClient from "openapi-fetch";
import type { paths as Allocation } from "./allocation.js";

const allocation = createClient<Allocation>({ baseUrl: "http://127.0.0.1:8002" });

export async function namesOfConsumers(): Promise<string[]> {
  const { data, error } = await allocation.GET("/v1/consumers", {
    params: { query: { limit: 100 } },
  });
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  if (typeof data === "string") throw new Error("asked for JSON, got a file");
  return data.items.map((consumer) => consumer.name);
}
"""


def main(folder: Path) -> int:
    """Write documents and types into the folder; the exit code of tsc."""
    if shutil.which("npm") is None:
        sys.stderr.write("npm is needed for this one chore; nothing else here needs it\n")
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    package = {"private": True, "type": "module", "devDependencies": PACKAGES}
    (folder / "package.json").write_text(json.dumps(package, indent=2))
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": COMPILER, "include": ["*.ts"]}, indent=2)
    )
    (folder / "client.ts").write_text(CLIENT)
    _run(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
    for service in SERVICES:
        app = importlib.import_module(f"services.{service}.main").app
        document = folder / f"{service}.json"
        document.write_text(json.dumps(app.openapi(), ensure_ascii=False))
        _run(
            folder,
            "npx",
            "--no-install",
            "openapi-typescript",
            document.name,
            "-o",
            f"{service}.ts",
        )
    _run(folder, "npx", "--no-install", "tsc", "--project", "tsconfig.json")
    sizes = {service: len((folder / f"{service}.ts").read_text()) for service in SERVICES}
    sys.stdout.write(f"tsc --strict accepts the types of {sizes}\n")
    return 0


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
