"""Why a step runs again and what that takes down meanwhile: told in every preview and every run."""
