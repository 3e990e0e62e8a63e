import { option, path, section } from '@rport/config'

export const vaultSection = section({
  title: 'Vault',
  description: 'Secrets that the server keeps encrypted under a password of their own.',
  options: {
    unlock_file: option(path(), {
      since: '2.1.0',
      description:
        'File with the password that unlocks the vault at the start. Without it the vault is locked after each start until an administrator unlocks it. Whoever can read this file and the data folder can read the vault: a credential of systemd (`LoadCredential=vault:/etc/rport/vault.password`) is safer than a file of the server.',
      defaultText: 'the vault stays locked',
      example: '"/run/credentials/rportd.service/vault"',
    }),
  },
})
