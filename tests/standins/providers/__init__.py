"""Stand-ins for the provider plugins command, random, tls and hcloud, for an engine that cannot download them.

They speak the engine's own protocol. What each models is read in the sources of pulumi-command 1.2.1,
pulumi-random 4.21, pulumi-tls 5.6 and those named in `hcloud`; what the project does not use is not modelled and
refused.
"""
