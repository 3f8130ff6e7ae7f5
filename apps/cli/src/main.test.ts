import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.js', import.meta.url));

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs the program to its end; as nobody (65534) where it must not be root. */
const manx = async (argv: readonly string[], uid?: number): Promise<Ran> => {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], ...(uid === undefined ? {} : { uid }) });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
};

describe('the manx program', () => {
  it('says what it can do: its programs, and every command of the lab', async () => {
    const [all, lab] = await Promise.all([manx(['--help']), manx(['lab', '--help'])]);
    expect(all.code).toBe(0);
    for (const word of ['server', 'agent', 'status', 'explain', 'matrix', 'sim', 'lab'])
      expect(all.stdout).toMatch(new RegExp(`^  ${word} `, 'm'));
    for (const word of ['up', 'boot', 'exec', 'delete', 'move', 'list', 'env', 'check', 'down'])
      expect(lab.stdout).toMatch(new RegExp(`^  ${word} `, 'm'));
  });

  it.each([
    [['bootx'], /unknown command 'bootx'/],
    [['lab', 'bootx'], /Did you mean boot\?/],
    [['lab', 'boot'], /missing required argument 'name'/],
    [['lab', 'boot', 'vm1', '--netwrok', 'net1'], /Did you mean --network\?/],
    [['lab', 'move', 'vm1'], /--host <host>/],
    [['lab', 'list', '-o', 'yaml'], /text or json, not "yaml"/],
    [['server', 'token'], /--host <name>/],
    [['explain', 'web-1'], /missing required argument 'to'/],
    [['explain', 'a', 'b', '--tcp', '70000'], /a port, 0 to 65535/],
    [['explain', 'a', 'b', '--tcp', '80', '--udp', '80'], /cannot be used with/],
    [['matrix', '-o', 'png'], /takes text, json, svg/],
    [['sim', '--hosts', '3'], /--server <url>/],
    [['sim', '--server', 'here', '--hosts', '3'], /a URL such as/],
    [['sim', '--server', 'http://127.0.0.1:1', '--hosts', '0'], /a number of hosts/],
    [['sim', '--server', 'http://127.0.0.1:1', '--hosts', '3', '--fail-rate', '2'], /a share from 0 to 1/],
    [['sim', '--server', 'http://127.0.0.1:1', '--hosts', '3'], /--secret-file or --config is needed/],
    [['sim', '--server', 'http://127.0.0.1:1', '--hosts', '3', '--prefix', '../', '--config', 'x'], /is not a host name/],
  ])('%j is a wrong use: said on standard error with a hint, exit status 2', async (argv, said) => {
    const { code, stdout, stderr } = await manx(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
  });

  it.each(['server', 'agent'])('%s: a settings file that is not there is named, exit status 2', async (program) => {
    const { code, stderr } = await manx([program, '--config', '/nowhere/manx.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('/nowhere/manx.yaml:1:1: there is no such file');
  });

  it.each(['server', 'agent'])('%s reads its settings from /etc/manx unless told', async (program) => {
    expect((await manx([program, '--help'])).stdout).toContain(`/etc/manx/${program}.yaml`);
  });

  it.each([
    ['up'],
    ['boot', 'vm1', '--network', 'net1'],
    ['move', 'vm1', '--host', 'h1'],
    ['delete', 'vm1'],
    ['exec', 'vm1', '--', 'true'],
    ['check'],
    ['down'],
    ['demo'],
  ])('lab %s without root: said at once, exit status 1', async (...argv) => {
    const { code, stdout, stderr } = await manx(['lab', ...argv], 65_534);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^manx: .*takes root/);
  });
});
