import { spawn } from 'node:child_process';
import type { TestNetns } from '@manx/render/testing/test-netns';

/** Who answers on a port until stopped: TCP with the address that it sees, UDP with what was sent. */
export type Asker = { readonly stop: () => void };

/** Begins to answer, in both families; when it resolves, questions are answered. */
export async function serveAsker(at: TestNetns, port: number): Promise<Asker> {
  const script = `import socket,select
t=socket.socket(socket.AF_INET6); t.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1); t.bind(('::',${port})); t.listen()
u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.bind(('',${port}))
print('ready',flush=True)
while True:
  for s in select.select([t,u],[],[])[0]:
    if s is t:
      c,peer=t.accept(); c.sendall(peer[0].removeprefix('::ffff:').encode()); c.close()
    else:
      d,peer=u.recvfrom(65535); u.sendto(d,peer)`;
  const server = spawn('ip', ['netns', 'exec', at.name, '/usr/bin/python3', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => server.stdout.once('data', resolve));
  return { stop: () => void server.kill() };
}

/** Whom an asker sees that is asked over TCP; nothing when it cannot be reached. */
export function ask(from: TestNetns, to: string, port = 80): string {
  const script = `import socket
s=socket.socket(socket.AF_INET6 if ':' in '${to}' else socket.AF_INET); s.settimeout(1.5)
try: s.connect(('${to}',${port})); print(s.recv(99).decode())
except OSError: pass`;
  return from.run(['/usr/bin/python3', '-c', script]).stdout.trim();
}

/** The hops that a path probe sees, with one question a hop; `*` for one that says nothing. */
export function traced(from: TestNetns, to: string): readonly string[] {
  const { stdout } = from.run(['traceroute', '-n', '-q1', '-w0.7', '-m4', to], { mayFail: true });
  return stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1] ?? '');
}
