"""What a test uses: real platforms in processes of their own (`process`)."""
