/** What a service manager has to know. */
export interface Definition {
  /** Absolute path of the program. */
  readonly program: string
  /** Absolute path of the settings; undefined: no `-c`. */
  readonly configFile: string | undefined
  readonly user: string
}

/**
 * A systemd unit. Nothing in it takes anything away from the commands and scripts that the agent runs for its server, `sudo`
 * included: an agent for tunnels alone can be locked up further, by the drop-in of the manual.
 * @see systemd.service(5), systemd.exec(5)
 */
export function systemdUnit({ program, configFile, user }: Definition): string {
  const command = [program, ...(configFile === undefined ? [] : ['-c', configFile])].map(unitWord).join(' ')
  return `[Unit]
Description=RPort agent, connects this machine to its server
Wants=network-online.target
After=network-online.target
# An agent is the last way into its machine: there is no number of starts after which it stays away.
StartLimitIntervalSec=0

[Service]
ExecStart=${command}
ExecReload=/bin/kill -HUP $MAINPID
User=${user}
StateDirectory=rport
StateDirectoryMode=0700
LogsDirectory=rport
EnvironmentFile=-/etc/sysconfig/rport
Restart=always
RestartSec=10
TimeoutStopSec=15
# What runs for an administrator may take all the memory there is; the agent itself stays.
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`
}

/** A word of a command line in a unit: `%` and `$` would be replaced there. */
const unitWord = (text: string): string => {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** A launchd property list. @see launchd.plist(5) */
export function launchdPlist({ program, configFile, user }: Definition): string {
  const words = [program, ...(configFile === undefined ? [] : ['-c', configFile])]
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>rport</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${xmlText(word)}</string>`).join('\n')}
  </array>
  <key>UserName</key><string>${xmlText(user)}</string>
  <key>KeepAlive</key><true/>
  <key>RunAtLoad</key><true/>
  <key>StandardOutPath</key><string>/var/log/rport.out.log</string>
  <key>StandardErrorPath</key><string>/var/log/rport.err.log</string>
</dict>
</plist>
`
}

const xmlText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
